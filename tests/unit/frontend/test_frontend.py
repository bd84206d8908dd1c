"""Frontends: when the fallback is sent, and which of several frontends serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastrapi import APIRouter, Depends, FastAPI, HTTPException
from fastrapi._routing.frontend_files import FrontendFiles, is_navigation, normalize_frontend_path
from fastrapi.datastructures import Headers
from fastrapi.testclient import TestClient


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "app.js").write_text("script")
    return tmp_path


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html", True),
        ("application/json, TEXT/HTML ; Q=0.1", True),
        ("application/xhtml+xml", True),
        ("text/html; q=what", True),
        ("text/html; q=0, */*", False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
    ],
)
def test_navigation_is_told_by_a_type_for_pages(accept: str, expected: bool) -> None:
    assert is_navigation(Headers({"accept": accept})) is expected


@pytest.mark.parametrize(("path", "expected"), [("/", "/"), ("/a/", "/a"), ("/a/b", "/a/b")])
def test_paths_lose_their_trailing_slash(path: str, expected: str) -> None:
    assert normalize_frontend_path(path) == expected


@pytest.mark.parametrize("path", ["", "a", "//"])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(AssertionError):
        normalize_frontend_path(path)


def test_missing_build_is_a_warning_in_development_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "development")
    with pytest.warns(UserWarning, match="does not exist") as caught:
        FastAPI().frontend("/", directory="missing-build")
    assert caught[0].filename == __file__
    monkeypatch.delenv("FASTAPI_ENV")
    with pytest.raises(RuntimeError, match="does not exist"):
        FastAPI().frontend("/", directory="missing-build")


def test_missing_fallback_is_an_error(build: Path) -> None:
    with pytest.raises(RuntimeError, match=r"404\.html"):
        FrontendFiles(directory=build, fallback="404.html", check_dir="auto")


def test_routes_of_the_application_come_first_wherever_they_were_declared(build: Path) -> None:
    app = FastAPI()
    app.frontend("/", directory=build)
    app.get("/app.js")(lambda: "route")
    client = TestClient(app)
    assert client.get("/app.js").json() == "route"
    assert client.post("/app.js").status_code == 405
    assert client.get("/elsewhere", headers={"accept": "text/html"}).text == "page"
    assert client.get("/elsewhere").status_code == 404


def test_the_longest_path_serves_across_routers(build: Path, tmp_path: Path) -> None:
    admin = tmp_path / "admin-build"
    admin.mkdir()
    (admin / "index.html").write_text("admin")
    router = APIRouter(prefix="/tools")
    router.frontend("/admin", directory=admin)
    app = FastAPI()
    app.frontend("/", directory=build)
    app.include_router(router)
    client = TestClient(app)
    assert client.get("/tools/admin/").text == "admin"
    assert client.get("/tools/", headers={"accept": "text/html"}).text == "page"


def test_dependencies_guard_the_files(build: Path) -> None:
    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI(dependencies=[Depends(refuse)])
    app.frontend("/", directory=build)
    assert TestClient(app).get("/app.js").status_code == 401


def test_other_methods_are_answered_by_what_is_there(build: Path) -> None:
    app = FastAPI()
    app.frontend("/", directory=build)
    client = TestClient(app)
    refused = client.post("/app.js")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert client.post("/missing").status_code == 404
