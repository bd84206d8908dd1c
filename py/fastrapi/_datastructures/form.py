"""What a form holds: text fields and uploaded files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from fastrapi._datastructures.headers import Headers
from fastrapi._datastructures.multidict import ImmutableMultiDict
from fastrapi.concurrency import run_in_threadpool


class UploadFile:
    """An uploaded file with asynchronous access.

    Args:
        file: The content; usually a `SpooledTemporaryFile`, in memory while it is small.
        size: The size in bytes, if known; kept up to date by `write()`.
        filename: The name that the client gave. Never a path to trust.
        headers: The headers of the multipart part.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: int | None = None,
        filename: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.filename = filename
        self.file = file
        self.size = size
        self.headers = Headers() if headers is None else headers
        # Private in the standard library, but the only way to know without blocking.
        self._max_mem_size: int = getattr(file, "_max_size", 0)

    @property
    def content_type(self) -> str | None:
        """The media type that the client gave."""
        return self.headers.get("content-type")

    @property
    def _in_memory(self) -> bool:
        return not getattr(self.file, "_rolled", True)

    def _will_roll(self, size_to_add: int) -> bool:
        """Whether writing this many bytes moves the content from memory to a file on disk."""
        if not self._in_memory or not self._max_mem_size:
            return False
        return self.file.tell() + size_to_add > self._max_mem_size

    async def write(self, data: bytes) -> None:
        """Writes bytes at the current position.

        Raises:
            OSError: The temporary file could not take them, for example because the disk is full.
        """
        if self._in_memory and not self._will_roll(len(data)):
            self.file.write(data)
        else:
            await run_in_threadpool(self.file.write, data)
        if self.size is not None:
            self.size += len(data)

    async def read(self, size: int = -1) -> bytes:
        """Reads up to `size` bytes, all of them if negative."""
        if self._in_memory:
            return self.file.read(size)
        return await run_in_threadpool(self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Goes to a position, in bytes from the start."""
        if self._in_memory:
            self.file.seek(offset)
        else:
            await run_in_threadpool(self.file.seek, offset)

    async def close(self) -> None:
        """Closes the file, which deletes it from the disk."""
        if self._in_memory:
            self.file.close()
        else:
            await run_in_threadpool(self.file.close)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(filename={self.filename!r}, size={self.size!r}, headers={self.headers!r})"
        )


class FormData(ImmutableMultiDict[str, "UploadFile | str"]):
    """The fields of a form, in the order they were sent."""

    def __init__(
        self,
        *args: FormData | Mapping[str, str | UploadFile] | list[tuple[str, str | UploadFile]],
        **kwargs: str | UploadFile,
    ) -> None:
        super().__init__(*args, **kwargs)

    async def close(self) -> None:
        """Closes every uploaded file."""
        value: Any
        for _, value in self.multi_items():
            if isinstance(value, UploadFile):
                await value.close()
