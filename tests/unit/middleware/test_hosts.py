from __future__ import annotations

import pytest

from fastrapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastrapi.middleware.trustedhost import TrustedHostMiddleware
from fastrapi.responses import PlainTextResponse
from fastrapi.testclient import TestClient
from fastrapi.types import Receive, Scope, Send


def trusted(*hosts: str, www_redirect: bool = True) -> TestClient:
    app = TrustedHostMiddleware(PlainTextResponse("OK"), allowed_hosts=hosts, www_redirect=www_redirect)
    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(
    ("pattern", "host", "status"),
    [
        ("example.com", "EXAMPLE.com:8080", 200),
        ("Example.com", "example.com", 200),
        ("*.example.com", "a.b.example.com", 200),
        ("*.example.com", "example.com", 400),
        ("*.example.com", "evilexample.com", 400),
        ("example.com", "example.com.", 400),
        ("example.com", "www.example.com", 400),
        ("*", "anything", 200),
    ],
)
def test_allowed_hosts(pattern: str, host: str, status: int) -> None:
    assert trusted(pattern).get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("example.com", "http://www.example.com/p?q=1"),
        ("example.com:8080", "http://www.example.com:8080/p?q=1"),
        ("example.com:99999", "http://www.example.com/p?q=1"),
    ],
)
def test_www_redirect(host: str, location: str) -> None:
    response = trusted("www.example.com").get("/p?q=1", headers={"host": host})
    assert (response.status_code, response.headers["location"]) == (307, location)


def test_www_redirect_names_no_other_host() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = "//evil.example/x"
        scope["headers"] = [(b"host", b"example.com:99999")]
        await TrustedHostMiddleware(PlainTextResponse("OK"), ["www.example.com"])(scope, receive, send)

    response = TestClient(app, follow_redirects=False).get("/")
    assert response.headers["location"] == "http://www.example.com//evil.example/x"


def test_www_redirect_can_be_turned_off() -> None:
    assert trusted("www.example.com", www_redirect=False).get("/").status_code == 400


@pytest.mark.parametrize("pattern", ["a*.com", "a.*", "*a.com", "*.*.com", "**"])
def test_wildcards_stand_at_the_beginning(pattern: str) -> None:
    with pytest.raises(AssertionError, match=r"Domain wildcard patterns must be like '\*\.example\.com'\."):
        trusted(pattern)


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("example.com:80", "https://example.com/"),
        ("example.com:444", "https://example.com:444/"),
        ("[::1]:80", "https://[::1]/"),
        ("bad host", "https://testserver/"),
    ],
)
def test_https_redirect(host: str, location: str) -> None:
    client = TestClient(HTTPSRedirectMiddleware(PlainTextResponse("OK")), follow_redirects=False)
    response = client.get("/", headers={"host": host})
    assert (response.status_code, response.headers["location"]) == (307, location)
