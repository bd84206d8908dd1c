# ruff: noqa: ASYNC240 - the files are small, and nothing else runs in the loop
from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from fastrapi._responses.ranges import MalformedRangeHeader, RangeNotSatisfiable, parse_range_header
from fastrapi.responses import FileResponse

from .conftest import Call, body_of, headers_of

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(48, 58)) * 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "digits.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-4", [(0, 5)]),
        ("BYTES = 5 - ", [(5, 30)]),
        ("bytes=-5", [(25, 30)]),
        ("bytes=-99", [(0, 30)]),
        ("bytes=0-99999999999999999999", [(0, 30)]),
        ("bytes=6-9,0-4", [(0, 5), (6, 10)]),
        ("bytes=0-4,5-9", [(0, 10)]),
        ("bytes=0-4,2-9", [(0, 10)]),
        ("bytes=0-4,abc,-", [(0, 5)]),
        ("bytes=0-1,40-50", [(0, 2)]),
        ("bytes=0-0," * 2 + "0-0", [(0, 1)]),
        ("bytes=0-0,2-2,4-4,6-6", []),
    ],
)
async def test_ranges(header: str, ranges: list[tuple[int, int]]) -> None:
    assert parse_range_header(header, 30, max_ranges=3) == ranges


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("bytes", "Malformed range header."),
        ("items=0-1", "Only support bytes range"),
        ("bytes=", "Range header: range must be requested"),
        ("bytes=+1-2", "Range header: range must be requested"),
        ("bytes=1_0-2_0", "Range header: range must be requested"),
        ("bytes=\u0660-\u0662", "Range header: range must be requested"),
        ("bytes=0-" + "9" * 5000, "Range header: range must be requested"),
        ("bytes=4-0", "Range header: start must be less than end"),
    ],
)
async def test_malformed_ranges(header: str, text: str) -> None:
    with pytest.raises(MalformedRangeHeader) as caught:
        parse_range_header(header, 30, max_ranges=3)
    assert caught.value.content == text


@pytest.mark.parametrize("header", ["bytes=30-", "bytes=-0", "bytes=30-40,50-60"])
async def test_ranges_outside_of_the_content(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range_header(header, 30, max_ranges=3)


async def test_whole_file(call: Call, path: Path) -> None:
    sent = await call(FileResponse(path, filename="a b.png"))
    headers = headers_of(sent)
    assert body_of(sent) == CONTENT
    assert sent[-1]["more_body"] is False
    assert headers["content-type"] == "image/png"
    assert headers["content-length"] == "30"
    assert headers["content-disposition"] == "attachment; filename*=utf-8''a%20b.png"
    assert headers["accept-ranges"] == "bytes"


async def test_one_range(call: Call, path: Path) -> None:
    sent = await call(FileResponse(path), headers=[(b"range", b"bytes=5-9")])
    assert sent[0]["status"] == 206
    assert headers_of(sent)["content-range"] == "bytes 5-9/30"
    assert headers_of(sent)["content-length"] == "5"
    assert body_of(sent) == b"56789"


async def test_length_of_several_ranges_is_exact(call: Call, path: Path) -> None:
    sent = await call(FileResponse(path), headers=[(b"range", b"bytes=0-1,5-6,-1")])
    body = body_of(sent)
    assert int(headers_of(sent)["content-length"]) == len(body)
    boundary = headers_of(sent)["content-type"].partition("boundary=")[2].encode()
    parts = body.split(b"--" + boundary)
    assert parts[-1] == b"--"
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [b"01\r\n", b"56\r\n", b"9\r\n"]


async def test_unsatisfiable_range(call: Call, path: Path) -> None:
    sent = await call(FileResponse(path), headers=[(b"range", b"bytes=99-")])
    assert sent[0]["status"] == 416
    assert headers_of(sent)["content-range"] == "bytes */30"


async def test_if_range(call: Call, path: Path) -> None:
    response = FileResponse(path, stat_result=os.stat(path))
    etag = response.headers["etag"]
    modified = response.headers["last-modified"]
    for validator, status in [(etag, 206), (modified, 206), (f"W/{etag}", 200), ('"other"', 200)]:
        headers = [(b"range", b"bytes=0-0"), (b"if-range", validator.encode())]
        assert (await call(response, headers=headers))[0]["status"] == status


async def test_head_reads_nothing(call: Call, path: Path) -> None:
    response = FileResponse(path, stat_result=os.stat(path))
    path.unlink()
    sent = await call(response, method="HEAD")
    assert headers_of(sent)["content-length"] == "30"
    assert body_of(sent) == b""


async def test_path_is_handed_to_a_server_that_can_send_it(call: Call, path: Path) -> None:
    sent = await call(FileResponse(path), extensions={"http.response.pathsend": {}})
    assert sent[1] == {"type": "http.response.pathsend", "path": str(path)}


async def test_a_file_that_grew_is_sent_as_announced(call: Call, path: Path) -> None:
    response = FileResponse(path, stat_result=os.stat(path))
    path.write_bytes(CONTENT * 2)
    assert body_of(await call(response)) == CONTENT


@pytest.mark.parametrize("requested", [None, b"bytes=0-29", b"bytes=0-0,20-29"])
async def test_a_file_that_shrank_is_an_error(call: Call, path: Path, requested: bytes | None) -> None:
    response = FileResponse(path, stat_result=os.stat(path))
    path.write_bytes(b"0")
    headers = [] if requested is None else [(b"range", requested)]
    with pytest.raises(RuntimeError, match="shorter than expected"):
        await call(response, headers=headers)


async def test_what_is_no_file_is_an_error_before_anything_is_sent(call: Call, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, text in [("missing", "does not exist"), ("", "is not a file"), ("fifo", "is not a file")]:
        with pytest.raises(RuntimeError, match=text):
            await call(FileResponse(tmp_path / name))


async def test_the_file_is_closed_when_the_client_is_gone(
    call: Call, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[anyio.AsyncFile[bytes]] = []
    open_file = anyio.open_file

    async def record(path: Path, mode: str) -> anyio.AsyncFile[bytes]:
        file = await open_file(path, mode="rb")
        opened.append(file)
        return file

    monkeypatch.setattr(anyio, "open_file", record)
    path.write_bytes(b"x" * FileResponse.chunk_size * 100)
    await call(FileResponse(path), {"type": "http.disconnect"})
    assert all(file.closed for file in opened)
