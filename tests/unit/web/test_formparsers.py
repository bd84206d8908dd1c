from __future__ import annotations

from collections.abc import AsyncGenerator
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

from fastrapi import formparsers
from fastrapi._header_options import parse_options_header
from fastrapi.compat.starlette.datastructures import FormData, Headers, UploadFile
from fastrapi.formparsers import FormParser, MultiPartException, MultiPartParser

pytestmark = pytest.mark.anyio

MULTIPART = "multipart/form-data; boundary=B"
URLENCODED = "application/x-www-form-urlencoded"


async def stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def parse_multipart(body: bytes, content_type: str = MULTIPART, **limits: Any) -> FormData:
    return await MultiPartParser(Headers({"content-type": content_type}), stream(body), **limits).parse()


async def parse_urlencoded(*chunks: bytes, **limits: Any) -> list[tuple[str, Any]]:
    parser = FormParser(Headers({"content-type": URLENCODED}), stream(*chunks), **limits)
    return (await parser.parse()).multi_items()


def field(content: bytes, name: bytes = b"a", more: bytes = b"") -> bytes:
    disposition = b'Content-Disposition: form-data; name="' + name + b'"' + more
    return b"--B\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n"


END = b"--B--\r\n"


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"", []),
        (b"a", [("a", "")]),
        (b"=b", [("", "b")]),
        (b"&&a=1&&b=2&", [("a", "1"), ("b", "2")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a+b=c+d%20e", [("a b", "c d e")]),
        (b"a=%C3%A9&b=%zz%", [("a", "é"), ("b", "%zz%")]),
        (b"a=%ff", [("a", "\ufffd")]),
        (b"a=1;b=2", [("a", "1;b=2")]),
    ],
)
async def test_urlencoded(body: bytes, items: list[tuple[str, str]]) -> None:
    assert await parse_urlencoded(body) == items
    assert await parse_urlencoded(*(bytes([byte]) for byte in body)) == items


async def test_urlencoded_limits() -> None:
    assert await parse_urlencoded(b"ab=c", max_part_size=3) == [("ab", "c")]
    with pytest.raises(MultiPartException, match="Field exceeded maximum size of 0KB"):
        await parse_urlencoded(b"ab=", b"cd", max_part_size=3)
    with pytest.raises(MultiPartException, match="Maximum number of fields is 1"):
        await parse_urlencoded(b"a&b", max_fields=1)
    assert await parse_urlencoded(b"&&&", max_fields=0) == []


async def test_the_sum_of_fields_is_limited() -> None:
    megabyte = b"x" * (1024 * 1024 - 1)
    text = "Fields exceeded maximum total size of 8192KB"
    with pytest.raises(MultiPartException, match=text):
        await parse_urlencoded(*[b"&a=" + megabyte] * 9)
    with pytest.raises(MultiPartException, match=text):
        await parse_multipart(field(megabyte) * 9 + END)
    form = await parse_multipart(field(megabyte * 9) + END, max_part_size=9 * 1024 * 1024)
    assert len(str(form["a"])) == 9 * (1024 * 1024 - 1)


async def test_multipart_fields_and_files() -> None:
    body = field(b"1") + field(b"file", b"f", b'; filename="../x.txt"') + field(b"2") + END
    form = await parse_multipart(body)
    assert form.getlist("a") == ["1", "2"]
    file = form["f"]
    assert isinstance(file, UploadFile)
    assert (file.filename, file.size, await file.read()) == ("../x.txt", 4, b"file")
    await form.close()
    assert file.file.closed


@pytest.mark.parametrize(
    ("content_type", "content", "text"),
    [
        (MULTIPART, "é".encode(), "é"),
        (MULTIPART, b"\xe9", "é"),
        (f"{MULTIPART}; charset=cp1251", b"\xe6", "ж"),
        (f"{MULTIPART}; charset=unknown", b"\xe9", "é"),
        (f"{MULTIPART}; charset=base64", b"\xe9", "é"),
        (f"{MULTIPART}; charset=unicode_escape", b"\\x41", "\\x41"),
        (f"{MULTIPART}; charset=idna", b"xn--a", "xn--a"),
    ],
)
async def test_charsets(content_type: str, content: bytes, text: str) -> None:
    assert (await parse_multipart(field(content) + END, content_type))["a"] == text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (field(b"cut off"), "Invalid multipart data."),
        (b"--C--\r\n", "Invalid multipart data."),
        (field(b"1", b"a\0"), "Invalid multipart data."),
        (b"--B\r\nX: 1\r\n\r\n\r\n" + END, 'The Content-Disposition header field "name" must be provided.'),
        (field(b"x" * 2000), "Part exceeded maximum size of 1KB."),
        (field(b"1") * 3, "Too many fields. Maximum number of fields is 2."),
        (field(b"1", b"f", b'; filename="x"') * 2, "Too many files. Maximum number of files is 1."),
    ],
)
async def test_refused_multipart(body: bytes, message: str) -> None:
    with pytest.raises(MultiPartException) as caught:
        await parse_multipart(body, max_part_size=1024, max_fields=2, max_files=1)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("multipart/form-data", "Missing boundary in multipart."),
        ("multipart/form-data; boundary=", "Invalid multipart data."),
        ("multipart/form-data; boundary=" + "x" * 257, "Invalid multipart data."),
    ],
)
async def test_refused_boundaries(content_type: str, message: str) -> None:
    with pytest.raises(MultiPartException) as caught:
        await parse_multipart(field(b"1") + END, content_type)
    assert caught.value.message == message


async def test_a_full_disk_is_not_the_clients_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class FullDisk(SpooledTemporaryFile[bytes]):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            closed.append(True)
            super().close()

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", FullDisk)
    with pytest.raises(OSError, match="No space left"):
        await parse_multipart(field(b"1", b"f", b'; filename="x"') + END)
    assert closed


async def test_files_are_closed_when_parsing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[SpooledTemporaryFile[bytes]] = []

    def record(*args: Any, **kwargs: Any) -> SpooledTemporaryFile[bytes]:
        files.append(SpooledTemporaryFile(*args, **kwargs))  # noqa: SIM115 - what is tested
        return files[-1]

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", record)
    with pytest.raises(MultiPartException):
        await parse_multipart(field(b"1", b"f", b'; filename="x"') * 2 + b"--B\r\nbroken\r\n")
    assert [file.closed for file in files] == [True, True]


@pytest.mark.parametrize(
    ("value", "main", "options"),
    [
        (None, b"", {}),
        ("", b"", {}),
        ("Text/HTML", b"text/html", {}),
        ('a; b="c;d"; E = f', b"a", {b"b": b"c;d", b"e": b"f"}),
        ('a; b="c\\"d"', b"a", {b"b": b'c"d'}),
        ("a;b;=x", b"a", {b"b": b"", b"": b"x"}),
        ("a; b=1; b=2", b"a", {b"b": b"2"}),
        ('a; b="open', b"a", {b"b": b'"open'}),
        ('a; filename="C:\\dir\\x.txt"', b"a", {b"filename": b"x.txt"}),
        ("a; filename*=utf-8''x; filename=y", b"a", {b"filename": b"y"}),
    ],
)
async def test_options_header(value: str | None, main: bytes, options: dict[bytes, bytes]) -> None:
    assert parse_options_header(value) == (main, options)


@pytest.mark.parametrize("piece", ['\\"', ';="', ';a="\\', "; ", '"', ";=", '="'])
async def test_options_header_is_parsed_in_linear_steps(piece: str) -> None:
    # Backtracking over the whole value for each piece would take minutes.
    main, options = parse_options_header("multipart/form-data; a=" + piece * 50_000)
    assert main == b"multipart/form-data"
    assert b"a" in options
