"""Mounted directories: which a server may serve by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastrapi import APIRouter, FastAPI
from fastrapi.compat.starlette.routing import Mount
from fastrapi.middleware import Middleware
from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.plan import GeneralRoute, StaticPlan, compile_application
from fastrapi.plan.description import describe_routes
from fastrapi.staticfiles import StaticFiles


class Own(StaticFiles):
    pass


def last_plan(app: FastAPI) -> object:
    return compile_application(app).routes[-1]


def test_a_mounted_directory_is_planned(tmp_path: Path) -> None:
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path, follow_symlink=True), name="static")
    plan = last_plan(app)
    assert isinstance(plan, StaticPlan)
    assert (plan.path, plan.name, plan.methods) == ("/static/{path:path}", "static", ())
    assert (plan.directory, plan.follow_symlink) == (str(tmp_path), True)
    assert plan.content_type("/a.txt") == "text/plain; charset=utf-8"
    assert plan.content_type("/a.png") == "image/png"
    assert plan.content_type("/a") == "application/octet-stream"
    [described] = [route for route in describe_routes(app) if route.path == plan.path]
    assert (described.lane, described.reason, described.placement) == ("direct", "", "")


def test_a_directory_that_an_included_router_mounts(tmp_path: Path) -> None:
    router = APIRouter()
    router.mount("/files", StaticFiles(directory=tmp_path))
    app = FastAPI()
    app.include_router(router, prefix="/api")
    plan = last_plan(app)
    assert isinstance(plan, StaticPlan)
    assert plan.path == "/api/files/{path:path}"


def test_an_inclusion_with_a_limit_is_left_to_the_application(tmp_path: Path) -> None:
    router = APIRouter()
    router.mount("/files", StaticFiles(directory=tmp_path))
    app = FastAPI()
    app.include_router(router, max_body_size=10)
    assert isinstance(last_plan(app), GeneralRoute)


def test_middleware_of_an_included_router_is_not_bypassed(tmp_path: Path) -> None:
    router = APIRouter(middleware=[Middleware(CORSMiddleware)])
    router.mount("/files", StaticFiles(directory=tmp_path))
    app = FastAPI()
    app.include_router(router)
    assert not [plan for plan in compile_application(app).routes if isinstance(plan, StaticPlan)]


@pytest.mark.parametrize(
    ("path", "settings", "reason"),
    [
        ("/a", {"html": True}, "static files with html=True"),
        ("/a", {"packages": ["pkg"]}, "static files of packages"),
        ("/{name}", {}, "static files below a path parameter"),
    ],
)
def test_what_the_application_has_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, settings: dict[str, object], reason: str
) -> None:
    (tmp_path / "pkg" / "statics").mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    app = FastAPI()
    app.mount(path, StaticFiles(directory=tmp_path, **settings))  # type: ignore[arg-type]
    plan = last_plan(app)
    assert isinstance(plan, GeneralRoute)
    assert plan.reason == reason


def test_what_may_answer_otherwise_is_not_planned(tmp_path: Path) -> None:
    replaced = StaticFiles(directory=tmp_path)
    replaced.get_path = lambda scope: "a"  # type: ignore[method-assign]
    layers = [Middleware(CORSMiddleware)]
    for mount in (
        Mount("/a", Own(directory=tmp_path)),
        Mount("/a", replaced),
        Mount("/a", StaticFiles(directory=tmp_path), middleware=layers),
        Mount("/a", StaticFiles(directory=tmp_path), max_body_size=1),
    ):
        app = FastAPI(routes=[mount])
        plans = [plan for plan in compile_application(app).routes if plan.path.startswith("/a")]
        assert [type(plan) for plan in plans] == [GeneralRoute], mount
