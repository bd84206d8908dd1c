from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from fastrapi.datastructures import URL, URLPath


def scope(**changes: Any) -> dict[str, Any]:
    return {"scheme": "http", "path": "/a", "query_string": b"", "headers": [], **changes}


def test_host_header_counts_before_the_server_address() -> None:
    url = URL(scope=scope(headers=[(b"host", b"example.org:8000")], server=("10.0.0.1", 80)))
    assert str(url) == "http://example.org:8000/a"


@pytest.mark.parametrize("host", [b"evil.com/@", b"a b", b"user@evil.com", b"a:99999", b"\xff"])
def test_an_invalid_host_header_is_not_part_of_the_url(host: bytes) -> None:
    url = URL(scope=scope(headers=[(b"host", host)], server=("good.example", 8000)))
    assert str(url) == "http://good.example:8000/a"


def test_server_address_without_a_port() -> None:
    assert str(URL(scope=scope(server=("/run/app.sock", None)))) == "/a"
    assert str(URL(scope=scope(server=None))) == "/a"


@pytest.mark.parametrize(
    ("scheme", "port", "shown"),
    [("http", 80, "h"), ("https", 443, "h"), ("wss", 443, "h"), ("ws", 8000, "h:8000"), ("ftp", 21, "h:21")],
)
def test_default_ports_are_left_out(scheme: str, port: int, shown: str) -> None:
    assert URL(scope=scope(scheme=scheme, server=("h", port))).netloc == shown


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("/a?b#c", "/a%3Fb%23c"),
        ("/\\evil", "/%5Cevil"),
        ("a@b", "/a@b"),
        ("//a", "//a"),
        ("/a\r\n\tb", "/a%0D%0A%09b"),
        ("", ""),
    ],
)
def test_path_cannot_become_another_part(path: str, quoted: str) -> None:
    url = URL(scope=scope(path=path, headers=[(b"host", b"h")], query_string=b"q=1"))
    assert str(url) == f"http://h{quoted}?q=1"


@pytest.mark.parametrize(
    ("query", "shown"),
    [(b"a=%20&b", "a=%20&b"), ("a=é".encode(), "a=é"), (b"a=\xff&b=%", "a=%FF&b=%")],
)
def test_query_strings(query: bytes, shown: str) -> None:
    assert URL(scope=scope(query_string=query)).query == shown


def test_path_cannot_become_an_authority() -> None:
    assert str(URL(scope=scope(path="//evil.com/x"))) == "/%2Fevil.com/x"


def test_query_parameters() -> None:
    url = URL("http://h/?a=1&a=2&b=")
    assert str(url.include_query_params(b=3, c="é")) == "http://h/?a=1&a=2&b=3&c=%C3%A9"
    assert str(url.replace_query_params(x=1)) == "http://h/?x=1"
    assert str(url.remove_query_params("a")) == "http://h/?b="


def test_replace_keeps_the_rest_of_the_authority() -> None:
    url = URL("http://u:p@h:1/")
    assert str(url.replace(port=None)) == "http://u:p@h/"
    assert str(url.replace(hostname="::1")) == "http://u:p@[::1]:1/"
    assert str(url.replace(username=None)) == "http://h:1/"
    assert str(URL("http://[::1]/").replace(port=2)) == "http://[::1]:2/"


def test_constructor_arguments_exclude_each_other() -> None:
    with pytest.raises(AssertionError, match='both "url" and "scope"'):
        URL("http://h", scope=scope())
    with pytest.raises(AssertionError, match='both "url" and "\\*\\*components"'):
        URL("http://h", scheme="https")
    with pytest.raises(AssertionError, match='both "scope" and "\\*\\*components"'):
        URL(scope=scope(), scheme="https")


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(URL("http://u:secret@h/"))


def test_absolute_url_has_the_scheme_of_the_protocol() -> None:
    path = URLPath("/a", protocol="websocket")
    assert str(path.make_absolute_url("https://h/root/")) == "wss://h/root/a"
    assert str(URLPath("/a", protocol="http", host="other").make_absolute_url("http://h")) == "http://other/a"
    assert str(URLPath("//evil.com").make_absolute_url("http://h/")) == "http://h/%2Fevil.com"


def test_url_path_survives_copying() -> None:
    path = URLPath("/a", protocol="http", host="h")
    for again in (copy.copy(path), copy.deepcopy(path), pickle.loads(pickle.dumps(path))):
        assert (again, again.protocol, again.host) == ("/a", "http", "h")
