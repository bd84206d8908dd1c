"""Parsers of HTML forms, for both media types a browser sends.

`FormParser` reads `application/x-www-form-urlencoded`, `MultiPartParser` reads `multipart/form-data`. Both
take the body as a stream and hold no more of it than one field; uploaded files go to temporary files.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from enum import Enum
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import unquote_plus

from typing_extensions import deprecated

from fastrapi._datastructures.form import FormData, UploadFile
from fastrapi._datastructures.headers import Headers
from fastrapi._header_options import parse_options_header
from fastrapi._multipart import Event, MultipartDecodeError, MultipartDecoder, PartBegin, PartData
from fastrapi.compat.starlette.exceptions import StarletteDeprecationWarning

__all__ = ["FormMessage", "FormParser", "MultiPartException", "MultiPartParser", "MultipartPart"]

MAX_MEMORY_SIZE = 8 * 1024 * 1024
"""Bytes that the fields of a form, files not counted, may have together.

The limits on the number and the size of fields allow a gigabyte by default. An application that allows a
single field to be larger than this allows it for the sum as well.
"""

_FALLBACK_CHARSET = "latin-1"

# Codecs that are no charsets of text, or whose cost is not linear (CPython issue 98433).
_REFUSED_CHARSETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})


@deprecated(
    "`FormMessage` is deprecated and will be removed in a future version.",
    category=StarletteDeprecationWarning,
)
class FormMessage(Enum):
    """Events of a URL-encoded form."""

    FIELD_START = 1
    FIELD_NAME = 2
    FIELD_DATA = 3
    FIELD_END = 4
    END = 5


class MultiPartException(Exception):
    """The form is malformed or exceeds a limit.

    Args:
        message: What is wrong, as a text for the client.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class _MemoryBudget:
    """Counts the bytes of all fields against `MAX_MEMORY_SIZE`."""

    def __init__(self, max_part_size: int) -> None:
        self._limit = max(MAX_MEMORY_SIZE, max_part_size)
        self._used = 0

    def spend(self, size: int) -> None:
        self._used += size
        if self._used > self._limit:
            raise MultiPartException(f"Fields exceeded maximum total size of {self._limit // 1024}KB.")


class FormParser:
    """Parses a URL-encoded form.

    Args:
        headers: The headers of the request.
        stream: The body.
        max_fields: The most fields allowed.
        max_part_size: The most bytes allowed for name and value of a field together, as encoded.
    """

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterable[bytes],
        *,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.max_fields = max_fields
        self.max_part_size = max_part_size
        self._memory = _MemoryBudget(max_part_size)
        self._items: list[tuple[str, str | UploadFile]] = []
        self._current_fields = 0
        self._in_field = False
        self._in_value = False
        self._field_name = bytearray()
        self._field_value = bytearray()

    async def parse(self) -> FormData:
        """Reads the stream to its end.

        Raises:
            MultiPartException: A limit is exceeded.
        """
        async for chunk in self.stream:
            self._feed(chunk)
        self._end_field()
        return FormData(self._items)

    def _feed(self, chunk: bytes) -> None:
        start = 0
        while (end := chunk.find(b"&", start)) != -1:
            self._add(chunk, start, end)
            self._end_field()
            start = end + 1
        self._add(chunk, start, len(chunk))

    def _add(self, chunk: bytes, start: int, end: int) -> None:
        """Adds a piece of a field. The limits are checked before anything is copied."""
        if start == end:
            return
        if not self._in_field:
            self._in_field = True
            self._current_fields += 1
            if self._current_fields > self.max_fields:
                raise MultiPartException(f"Too many fields. Maximum number of fields is {self.max_fields}.")
        equals = -1 if self._in_value else chunk.find(b"=", start, end)
        size = len(self._field_name) + len(self._field_value) + end - start - (equals != -1)
        if size > self.max_part_size:
            raise MultiPartException(f"Field exceeded maximum size of {int(self.max_part_size / 1024)}KB.")
        self._memory.spend(end - start)
        if equals != -1:
            self._field_name += chunk[start:equals]
            self._in_value = True
            start = equals + 1
        (self._field_value if self._in_value else self._field_name).extend(chunk[start:end])

    def _end_field(self) -> None:
        if not self._in_field:
            return
        # The URL standard wants ASCII here; bytes beyond it are taken as Latin-1.
        name = unquote_plus(self._field_name.decode("latin-1"))
        value = unquote_plus(self._field_value.decode("latin-1"))
        self._items.append((name, value))
        self._in_field = self._in_value = False
        self._field_name.clear()
        self._field_value.clear()


@dataclass
class MultipartPart:
    """A part of a multipart form while it is read."""

    content_disposition: bytes | None = None
    field_name: str = ""
    data: bytearray = field(default_factory=bytearray)
    file: UploadFile | None = None
    item_headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def _resolve_charset(options: dict[bytes, bytes]) -> str:
    """The charset of the form if Python knows it, to be asked once for a form: a failing lookup is slow."""
    charset = options.get(b"charset", b"utf-8").decode("latin-1")
    try:
        # Not empty: Python decodes nothing without asking the codec.
        b"    ".decode(charset, "ignore")
    except (LookupError, ValueError):
        return _FALLBACK_CHARSET
    return _FALLBACK_CHARSET if charset.lower().replace("-", "_") in _REFUSED_CHARSETS else charset


def _decode_text(raw: bytes | bytearray, charset: str) -> str:
    try:
        return raw.decode(charset)
    except ValueError:
        return raw.decode(_FALLBACK_CHARSET)


class MultiPartParser:
    """Parses a multipart form.

    Args:
        headers: The headers of the request.
        stream: The body.
        max_files: The most files allowed.
        max_fields: The most fields allowed, files not counted.
        max_part_size: The most bytes allowed for a field that is no file.
    """

    spool_max_size = 1024 * 1024
    """Bytes of a file that are held in memory before it moves to the disk."""
    max_part_size = 1024 * 1024

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterable[bytes],
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> None:
        self.headers = headers
        self.stream = stream
        self.max_files = max_files
        self.max_fields = max_fields
        self.max_part_size = max_part_size
        self.items: list[tuple[str, str | UploadFile]] = []
        self._memory = _MemoryBudget(max_part_size)
        self._charset = ""
        self._current_files = 0
        self._current_fields = 0
        self._current_part = MultipartPart()
        self._open_files: list[SpooledTemporaryFile[bytes]] = []

    async def parse(self) -> FormData:
        """Reads the stream to its end.

        Raises:
            MultiPartException: The form is malformed or exceeds a limit.
            OSError: A file could not be stored, for example because the disk is full.
        """
        _, options = parse_options_header(self.headers.get("content-type"))
        boundary = options.get(b"boundary")
        if boundary is None:
            raise MultiPartException("Missing boundary in multipart.")
        self._charset = _resolve_charset(options)
        try:
            decoder = MultipartDecoder(boundary)
            async for chunk in self.stream:
                for event in decoder.feed(chunk):
                    await self._handle(event)
            decoder.finish()
        except BaseException as error:
            for file in self._open_files:
                file.close()
            if isinstance(error, MultipartDecodeError):
                raise MultiPartException("Invalid multipart data.") from error
            raise
        return FormData(self.items)

    async def _handle(self, event: Event) -> None:
        if isinstance(event, PartBegin):
            self._begin_part(event.headers)
        elif isinstance(event, PartData):
            await self._add_data(event.data)
        else:
            await self._end_part()

    def _begin_part(self, headers: list[tuple[bytes, bytes]]) -> None:
        part = self._current_part = MultipartPart(item_headers=headers)
        part.content_disposition = dict(headers).get(b"content-disposition")
        _, options = parse_options_header(part.content_disposition)
        name = options.get(b"name")
        if name is None:
            raise MultiPartException('The Content-Disposition header field "name" must be provided.')
        part.field_name = _decode_text(name, self._charset)
        filename = options.get(b"filename")
        if filename is not None:
            part.file = self._open_file(_decode_text(filename, self._charset), headers)
            return
        self._current_fields += 1
        if self._current_fields > self.max_fields:
            raise MultiPartException(f"Too many fields. Maximum number of fields is {self.max_fields}.")

    def _open_file(self, filename: str, headers: list[tuple[bytes, bytes]]) -> UploadFile:
        self._current_files += 1
        if self._current_files > self.max_files:
            raise MultiPartException(f"Too many files. Maximum number of files is {self.max_files}.")
        # Closed with the form, or in parse() if that fails.
        file = SpooledTemporaryFile(max_size=self.spool_max_size)  # noqa: SIM115
        self._open_files.append(file)
        return UploadFile(cast(BinaryIO, file), size=0, filename=filename, headers=Headers(raw=headers))

    async def _add_data(self, data: bytes) -> None:
        part = self._current_part
        if part.file is not None:
            await part.file.write(data)
            return
        if len(part.data) + len(data) > self.max_part_size:
            raise MultiPartException(f"Part exceeded maximum size of {int(self.max_part_size / 1024)}KB.")
        self._memory.spend(len(data))
        part.data += data

    async def _end_part(self) -> None:
        part = self._current_part
        if part.file is None:
            self.items.append((part.field_name, _decode_text(part.data, self._charset)))
        else:
            await part.file.seek(0)
            self.items.append((part.field_name, part.file))
