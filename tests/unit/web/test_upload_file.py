from __future__ import annotations

import io
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import pytest
from pydantic import TypeAdapter, ValidationError

from fastrapi.compat.starlette.datastructures import UploadFile as StarletteUploadFile
from fastrapi.datastructures import Default, DefaultPlaceholder, Headers, UploadFile

pytestmark = pytest.mark.anyio


async def test_reading_and_writing() -> None:
    file = UploadFile(io.BytesIO(b"data"), size=4, filename="f", headers=Headers({"content-type": "a/b"}))
    assert file.content_type == "a/b"
    assert await file.read(2) == b"da"
    assert await file.read() == b"ta"
    await file.write(b"!")
    await file.seek(0)
    assert await file.read() == b"data!"
    assert file.size == 5
    await file.close()
    assert file.file.closed


async def test_moving_to_the_disk() -> None:
    spooled = SpooledTemporaryFile(max_size=4)  # noqa: SIM115 - closed as an upload
    file = UploadFile(cast(BinaryIO, spooled), size=0)
    for piece in (b"1234", b"5", b"6"):
        await file.write(piece)
    await file.seek(0)
    assert await file.read() == b"123456"
    assert file.size == 6
    await file.close()


async def test_a_full_disk_leaves_the_size_alone() -> None:
    class FullDisk(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    file = UploadFile(FullDisk(), size=0)
    with pytest.raises(OSError, match="No space left"):
        await file.write(b"1")
    assert file.size == 0


async def test_pydantic_takes_uploads_only() -> None:
    adapter = TypeAdapter(UploadFile)
    upload = StarletteUploadFile(io.BytesIO())
    assert adapter.validate_python(upload) is upload
    with pytest.raises(ValidationError, match="Expected UploadFile, received: <class 'str'>"):
        adapter.validate_python("text")
    assert adapter.json_schema() == {"type": "string", "contentMediaType": "application/octet-stream"}


async def test_default_placeholder() -> None:
    default: object = Default("value")
    assert isinstance(default, DefaultPlaceholder)
    assert default.value == "value"
    assert default == Default("value")
    assert default != "value"
    assert not Default(None)
