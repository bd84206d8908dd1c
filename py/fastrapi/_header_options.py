"""Header values of the form `value; name=option; ...`: Content-Type, Content-Disposition."""

from __future__ import annotations

import re

# One option. A quoted string may contain semicolons and escaped quotes (RFC 9110, section 5.6.4).
_OPTION = re.compile(rb';\s*([^;=\s"]*)\s*(?:=\s*("(?:[^"\\]|\\.)*"(?=\s*(?:;|$))|[^;]*))?', re.DOTALL)
_QUOTED_PAIR = re.compile(rb'\\(["\\])')


def _unquote(value: bytes) -> bytes:
    if len(value) >= 2 and value[:1] == b'"' and value[-1:] == b'"':
        # Only quotes and backslashes are unescaped: old browsers send Windows paths as they are.
        return _QUOTED_PAIR.sub(rb"\1", value[1:-1])
    return value


def _without_windows_directory(filename: bytes) -> bytes:
    """Internet Explorer sent the whole path of a file."""
    if filename[1:3] == b":\\" or filename[:2] == b"\\\\":
        return filename.rpartition(b"\\")[2]
    return filename


def parse_options_header(value: str | bytes | None) -> tuple[bytes, dict[bytes, bytes]]:
    """Splits a header value into the main value, in lower case, and its options.

    Nothing is an error; of several options of one name the last one counts. Extended options
    (`filename*=`) are left out: RFC 7578, section 4.2, forbids them in forms.
    """
    if not value:
        return b"", {}
    raw = value.encode("latin-1") if isinstance(value, str) else value
    main, semicolon, _ = raw.partition(b";")
    options: dict[bytes, bytes] = {}
    if semicolon:
        for match in _OPTION.finditer(raw, len(main)):
            name = match[1].lower()
            if b"*" in name:
                continue
            option = _unquote((match[2] or b"").strip())
            options[name] = _without_windows_directory(option) if name == b"filename" else option
    return main.strip().lower(), options
