"""The pages of an application need nothing but the application."""

from __future__ import annotations

import re

import pytest

from fastrapi import FastAPI
from fastrapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_everything_that_a_page_loads_comes_from_the_application(path: str) -> None:
    client = TestClient(FastAPI())
    page = client.get(path)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for url in loaded:
        assert url.startswith("?asset=")
        assert client.get(f"{path}{url}").status_code == 200


def test_pages_work_below_a_root_path() -> None:
    page = TestClient(FastAPI(), root_path="/api").get("/docs").text
    assert "url: '/api/openapi.json'" in page
    assert "window.location.origin + '/api/docs/oauth2-redirect'" in page


def test_pages_can_be_switched_off() -> None:
    client = TestClient(FastAPI(docs_url=None, redoc_url=None))
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404
    assert client.get("/openapi.json").status_code == 200
