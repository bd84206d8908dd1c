"""What a server may answer where no route does."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from fastrapi import APIRouter, FastAPI, Request
from fastrapi._routing import revision
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.compat.starlette.routing import Host, Match, Route
from fastrapi.convertors import CONVERTOR_TYPES, Convertor, register_url_convertor
from fastrapi.datastructures import Secret
from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.middleware.gzip import GZipMiddleware
from fastrapi.middleware.sessions import SessionMiddleware
from fastrapi.middleware.trustedhost import TrustedHostMiddleware
from fastrapi.plan import compile_application
from fastrapi.responses import PlainTextResponse
from fastrapi.routing import APIRoute


def application(**options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/a/{x}")
    async def read(x: str) -> str:
        return x

    return app


def not_allowed(app: FastAPI, path: str) -> Any:
    return next(route for route in compile_application(app).routes if route.path == path).not_allowed  # type: ignore[union-attr]


def test_the_answers_are_those_of_the_application() -> None:
    app = application()
    unmatched = compile_application(app).unmatched
    assert unmatched is not None
    assert (unmatched.answer.status_code, unmatched.answer.body) == (404, b'{"detail":"Not Found"}')
    assert (b"content-type", b"application/json") in unmatched.answer.headers
    assert unmatched.later_paths == ("/api-docs/openapi.json",)
    refusal = not_allowed(app, "/a/{x}")
    assert (refusal.status_code, refusal.body) == (405, b'{"detail":"Method Not Allowed"}')
    assert (b"allow", b"GET") in refusal.headers
    assert (b"allow", b"GET, HEAD") in not_allowed(app, "/docs").headers


def test_nothing_is_answered_for_callers_that_ask_the_application() -> None:
    plan = compile_application(application(), fixes_answers=False)
    assert plan.unmatched is None
    assert all(getattr(route, "not_allowed", None) is None for route in plan.routes)


def test_routes_with_the_same_methods_share_an_answer() -> None:
    app = application()
    app.add_api_route("/b", lambda: None, methods=["GET"])
    assert not_allowed(app, "/b") == not_allowed(app, "/a/{x}")
    routes = {route.path: route for route in compile_application(app).routes}
    assert routes["/b"].not_allowed is routes["/a/{x}"].not_allowed  # type: ignore[union-attr]


async def _handler(request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse("own", 404)


async def _answer(*_: Any) -> None: ...


def _handle_status(app: FastAPI) -> None:
    app.add_exception_handler(404, _handler)


def _handle_class(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _handler)


def _set_default(app: FastAPI) -> None:
    app.router.default = _answer


def _add_function(app: FastAPI) -> None:
    app.middleware("http")(_answer)


def _match_origins(app: FastAPI) -> None:
    app.add_middleware(CORSMiddleware, allow_origin_regex=".*")


def _ignore_case(app: FastAPI) -> None:
    app.routes[-1].path_regex = re.compile("/A/(?P<x>.*)", re.IGNORECASE)  # type: ignore[attr-defined]


def _choose_by_host(app: FastAPI) -> None:
    app.router.routes.append(Host("x.example", _answer))


def _replace_in_class(app: FastAPI) -> None:
    class Own(APIRouter):
        async def not_found(self, scope: Any, receive: Any, send: Any) -> None: ...

    app.router.__class__ = Own


def _match_oneself(app: FastAPI) -> None:
    route: Any = app.routes[-1]
    route.matches = lambda scope: (Match.FULL, {})


def _replace_method(app: FastAPI) -> None:
    app.router.not_found = _answer  # type: ignore[method-assign]
    app.router.default = app.router.not_found


@pytest.mark.parametrize(
    "change",
    [
        _handle_status,
        _handle_class,
        _set_default,
        _add_function,
        _match_origins,
        _ignore_case,
        _choose_by_host,
        _replace_method,
        _replace_in_class,
        _match_oneself,
    ],
)
def test_unknown_paths_are_the_applications(change: Callable[[FastAPI], None]) -> None:
    app = application()
    change(app)
    assert compile_application(app).unmatched is None


def test_a_frontend_takes_unknown_paths(tmp_path: Any) -> None:
    app = application()
    app.frontend("/", directory=tmp_path)
    assert compile_application(app).unmatched is None


def test_convertors_of_the_application_may_match_anything() -> None:
    class Anything(Convertor[str]):
        regex = ".*"

        def convert(self, value: str) -> str:
            return value

        def to_string(self, value: str) -> str:
            return value

    original = CONVERTOR_TYPES["int"]
    register_url_convertor("int", Anything())
    try:
        app = application()
        app.router.routes.append(Route("/{x:int}", _answer))
        assert compile_application(app).unmatched is None
        assert not_allowed(app, "/{x:int}") is None
        # The other route may be the one that has the method.
        assert not_allowed(app, "/a/{x}") is None
    finally:
        register_url_convertor("int", original)


def test_classes_of_the_application_refuse_methods_themselves() -> None:
    class Own(APIRoute):
        async def handle(self, scope: Any, receive: Any, send: Any) -> None: ...

    app = application()
    app.router.add_api_route("/own", lambda: None, route_class_override=Own)
    layered = APIRouter(prefix="/layered", exception_handlers={405: _handler})
    layered.add_api_route("/b", lambda: None)
    app.include_router(layered)
    assert not_allowed(app, "/own") is None
    assert not_allowed(app, "/layered/b") is None


def test_preflights_reach_the_first_cors_middleware() -> None:
    app = application()
    assert compile_application(app).preflight_layers == ()
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_middleware(GZipMiddleware)
    assert [layer.kind for layer in compile_application(app).preflight_layers] == [
        "GZipMiddleware",
        "CORSMiddleware",
    ]
    _add_function(app)
    assert compile_application(app).preflight_layers == ()


def test_preflights_do_not_reach_a_function_behind_the_middleware() -> None:
    app = application()
    _add_function(app)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    assert [layer.kind for layer in compile_application(app).preflight_layers] == ["CORSMiddleware"]


def test_only_python_matches_patterns_of_origins() -> None:
    app = application()
    _match_origins(app)
    assert compile_application(app).preflight_layers == ()


@pytest.mark.parametrize(
    ("middleware", "arguments"),
    [
        (CORSMiddleware, {"allow_origins": [AnyHttpUrl("http://localhost:3000")]}),
        (CORSMiddleware, {"allow_origins": "http://localhost:3000"}),
        (CORSMiddleware, {"allow_credentials": 1}),
        (CORSMiddleware, {"max_age": 600.0}),
        (CORSMiddleware, {"max_age": -1}),
        (CORSMiddleware, {"max_age": None}),
        (CORSMiddleware, {"allow_origin_regex": re.compile("a")}),
        (GZipMiddleware, {"minimum_size": 1.5}),
        (GZipMiddleware, {"compresslevel": -1}),
    ],
)
def test_only_python_understands_all_arguments(middleware: Any, arguments: dict[str, Any]) -> None:
    app = application()
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_middleware(middleware, **arguments)
    plan = compile_application(app)
    assert plan.middleware == middleware.__name__
    assert plan.preflight_layers == ()


def test_a_server_understands_those_that_are_asked_for() -> None:
    app = application()
    app.add_middleware(
        CORSMiddleware, allow_origins="*", allow_methods={"GET"}, allow_credentials=True, max_age=5
    )
    app.add_middleware(GZipMiddleware, 100, compresslevel=1)
    app.add_middleware(SessionMiddleware, secret_key=Secret("a"), max_age=None, same_site="strict")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=None)
    app.add_middleware(TrustedHostMiddleware, ("*.example", "x"), www_redirect=False)
    assert compile_application(app).middleware is None


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    events: list[str] = []
    monkeypatch.setattr(revision, "_watchers", [])
    monkeypatch.setattr(revision, "_growth_watchers", [])
    revision.watch(lambda: events.append("changed"), lambda: events.append("grown"))
    return events


def test_appended_routes_are_reported(seen: list[str]) -> None:
    app = FastAPI(openapi_url=None)
    router = APIRouter()
    seen.clear()
    route = Route("/b", _answer)
    app.router.routes.append(route)
    assert seen == ["grown"]
    app.router.routes.extend([route])
    app.router.routes += [route]
    assert seen[:3] == ["grown"] * 3
    seen.clear()
    router.add_api_route("/c", lambda: None)
    assert seen == ["grown"]


def test_what_replaces_an_answer_is_reported(seen: list[str]) -> None:
    app = FastAPI(openapi_url=None)
    seen.clear()
    _set_default(app)
    _handle_status(app)
    assert seen == ["changed", "changed"]
