from __future__ import annotations

import pytest

from fastrapi._host import parse_host_header


@pytest.mark.parametrize(
    ("header", "authority"),
    [
        ("example.org", "example.org"),
        ("Example.org:8000", "Example.org:8000"),
        ("my_host", "my_host"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("[::1]", "[::1]"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"),
        ("[v1.a:b]", "[v1.a:b]"),
    ],
)
def test_valid_hosts(header: str, authority: str) -> None:
    parsed = parse_host_header(header)
    assert parsed is not None
    assert parsed.authority == authority
    assert parsed.is_valid_port


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ":80",
        "a:",
        "a:b",
        "a:-1",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "user@a",
        "a\n",
        "a:80\r\n",
        "[",
        "[]",
        "[::1",
        "[::1]x",
        "[:::]",
        "[1.2.3.4]",
        "[fe80::1%eth0]",
        "[V1.a]",
        "[v1.]",
        "é",
    ],
)
def test_invalid_hosts(header: str | None) -> None:
    assert parse_host_header(header) is None


@pytest.mark.parametrize(
    ("port", "valid"),
    [("0", True), ("65535", True), ("65536", False), ("000080", True), ("9" * 5000, False)],
)
def test_port_range(port: str, valid: bool) -> None:
    parsed = parse_host_header(f"a:{port}")
    assert parsed is not None
    assert parsed.is_valid_port is valid
