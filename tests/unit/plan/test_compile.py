"""Which routes get a plan, and what is in it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel

from fastrapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Form,
    Header,
    Query,
    Request,
    Response,
)
from fastrapi.middleware import Middleware
from fastrapi.middleware.cors import CORSMiddleware
from fastrapi.plan import GeneralRoute, RoutePlan, compile_application
from fastrapi.responses import HTMLResponse
from fastrapi.routing import APIRoute
from fastrapi.security import OAuth2PasswordBearer


class Item(BaseModel):
    name: str
    price: float = 1.5


def routes_of(app: FastAPI) -> dict[str, RoutePlan | GeneralRoute]:
    return {route.path: route for route in compile_application(app).routes}


def plan_of(app: FastAPI, path: str) -> RoutePlan:
    plan = routes_of(app)[path]
    assert isinstance(plan, RoutePlan), plan
    return plan


def test_parameters_in_the_order_of_the_call() -> None:
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def read(
        item_id: int,
        q: str,
        x_token: Annotated[str, Header()],
        ads: Annotated[str | None, Cookie()] = None,
        tags: Annotated[list[str], Query()] = [],  # noqa: B006
        limit: int = 10,
    ) -> None: ...

    route = routes_of(app)["/items/{item_id}"]
    # A mutable default must be a new one for each request.
    assert isinstance(route, GeneralRoute)
    assert route.reason == "a parameter with a mutable default"

    @app.get("/plain/{item_id}")
    async def plain(
        item_id: int,
        q: str,
        x_token: Annotated[str, Header()],
        ads: Annotated[str | None, Cookie()] = None,
        tags: Annotated[list[str] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1)] = 10,
    ) -> None: ...

    plan = plan_of(app, "/plain/{item_id}")
    found = [(p.source, p.name, p.conversion, p.required, p.default, p.many) for p in plan.parameters]
    assert dict(zip(plan.keywords, found, strict=True)) == {
        "item_id": ("path", "item_id", "int", True, None, False),
        "q": ("query", "q", "str", True, None, False),
        "x_token": ("header", "x-token", "str", True, None, False),
        "ads": ("cookie", "ads", "str", False, None, False),
        "tags": ("query", "tags", "validator", False, None, True),
        "limit": ("query", "limit", "validator", False, 10, False),
    }


def test_models_are_validated_from_bytes_and_encoded_by_pydantic() -> None:
    app = FastAPI()

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    plan = plan_of(app, "/items")
    (parameter,) = plan.parameters
    assert (parameter.source, parameter.conversion, plan.placement) == ("body", "json", "pure")
    assert parameter.validate is not None
    item = parameter.validate(b'{"name": "x"}')
    assert item == Item(name="x")
    assert plan.encode is not None
    assert plan.encode(item) == b'{"name":"x","price":1.5}'
    assert not plan.builtin_json


def test_validators_of_the_application_keep_a_route_on_the_loop() -> None:
    app = FastAPI()

    @app.get("/checked")
    async def checked(q: Annotated[str, AfterValidator(str.strip)]) -> str:
        return q

    assert plan_of(app, "/checked").placement == "task"


def test_placements() -> None:
    app = FastAPI()

    def sync_dependency() -> int:
        return len("x")

    async def async_dependency() -> int:
        return len("x")

    @app.get("/pure")
    async def pure() -> int:
        return 1

    @app.get("/sync")
    def sync(value: Annotated[int, Depends(sync_dependency)]) -> int:
        return value

    @app.get("/task")
    def task(value: Annotated[int, Depends(async_dependency)]) -> int:
        return value

    assert plan_of(app, "/pure").placement == "pure"
    assert plan_of(app, "/sync").placement == "sync"
    assert plan_of(app, "/sync").sync_calls == (sync_dependency, sync)
    assert plan_of(app, "/task").placement == "task"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_generated_function_runs_the_tree_in_order(anyio_backend: str) -> None:
    app = FastAPI()
    log: list[str] = []
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    def settings() -> str:
        log.append("settings")
        return "s"

    async def database(value: Annotated[str, Depends(settings)]) -> AsyncIterator[str]:
        log.append("open")
        yield f"db({value})"
        log.append("close")

    async def user(
        db: Annotated[str, Depends(database)],
        token: Annotated[str, Depends(scheme)],
        again: Annotated[str, Depends(settings)],
        fresh: Annotated[str, Depends(settings, use_cache=False)],
    ) -> str:
        log.append("user")
        return f"{db} {token}"

    @app.get("/secure")
    async def secure(
        user: Annotated[str, Depends(user)], response: Response, tasks: BackgroundTasks, skip: int = 0
    ) -> Any:
        log.append("secure")
        response.headers["x-a"] = "b"
        tasks.add_task(log.append, "task")
        return {"user": user, "skip": skip}

    plan = plan_of(app, "/secure")
    assert [(p.source, p.name) for p in plan.parameters] == [("header", "authorization"), ("query", "skip")]
    outcome = await plan.function("token", 5)
    assert outcome.value == {"user": "db(s) token", "skip": 5}
    assert outcome.response.headers["x-a"] == "b"
    await outcome.finish()
    assert log == ["settings", "open", "settings", "user", "secure", "task", "close"]


def test_what_needs_the_asgi_application() -> None:
    app = FastAPI()

    class OwnRoute(APIRoute):
        pass

    own = APIRouter(route_class=OwnRoute)

    @own.get("/own")
    async def own_route() -> None: ...

    @app.post("/form")
    async def form(a: Annotated[str, Form()]) -> None: ...

    @app.post("/two")
    async def two(a: Item, b: Item) -> None: ...

    @app.post("/embedded")
    async def embedded(a: Annotated[Item, Body(embed=True)]) -> None: ...

    @app.get("/stream")
    async def stream() -> AsyncIterator[int]:
        yield 1

    @app.get("/model")
    async def model(q: Annotated[Item, Query()]) -> None: ...

    app.include_router(own)
    app.mount("/sub", FastAPI())
    reasons = {
        path: route.reason for path, route in routes_of(app).items() if isinstance(route, GeneralRoute)
    }
    assert reasons["/own"] == "the route class OwnRoute"
    assert reasons["/form"] == "several body parameters, or an embedded one"
    assert reasons["/two"] == "several body parameters, or an embedded one"
    assert reasons["/embedded"] == "several body parameters, or an embedded one"
    assert reasons["/stream"] == "yields a stream"
    assert reasons["/model"] == "a parameter model"
    assert reasons["/sub/{path:path}"] == "a Mount"


def test_included_routes_are_planned_with_what_the_inclusion_adds() -> None:
    app = FastAPI()
    router = APIRouter(prefix="/users")

    def check(tenant: str) -> None: ...

    @router.get("/{user_id}")
    async def read(user_id: int) -> int:
        return user_id

    app.include_router(router, prefix="/{tenant}", dependencies=[Depends(check)])
    plan = plan_of(app, "/{tenant}/users/{user_id}")
    assert [(p.source, p.name) for p in plan.parameters] == [("path", "tenant"), ("path", "user_id")]


def test_middleware_decides_about_the_whole_application() -> None:
    app = FastAPI()

    @app.get("/")
    async def root(request: Request) -> None: ...

    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    compiled = compile_application(app)
    assert compiled.reason is None
    assert [layer.kind for layer in compiled.layers] == ["CORSMiddleware"]
    assert compiled.layers[0].settings["max_age"] == 600

    class Own:
        def __init__(self, app: Any) -> None: ...

    app.add_middleware(Own)
    compiled = compile_application(app)
    assert (compiled.reason, compiled.middleware, compiled.layers) == (None, "Own", [])
    assert isinstance(plan_of(app, "/"), RoutePlan)


def test_a_middleware_function_is_named() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def timing(request: Request, call_next: Any) -> Any: ...

    assert compile_application(app).middleware == "timing"


def test_other_response_classes_are_made_by_the_framework() -> None:
    app = FastAPI()

    @app.get("/page", response_class=HTMLResponse)
    async def page() -> str:
        return "<p>"

    plan = plan_of(app, "/page")
    assert plan.encode is None
    assert plan.respond("<p>").body == b"<p>"


def test_a_replaced_app_of_a_route_is_not_bypassed() -> None:
    app = FastAPI()

    @app.get("/wrapped")
    def wrapped() -> str:
        return "inner"

    [route] = [route for route in app.routes if isinstance(route, APIRoute)]
    route.app = HTMLResponse("outer")
    [plan] = [plan for plan in compile_application(app).routes if plan.path == "/wrapped"]
    assert isinstance(plan, GeneralRoute)
    assert plan.reason == "its app has been replaced"


def test_plans_share_the_parameters_that_are_declared_alike() -> None:
    app = FastAPI()

    @app.get("/a/{item_id}")
    async def a(item_id: int, q: str | None = None) -> None: ...

    @app.get("/b/{item_id}")
    async def b(item_id: int, q: str | None = None) -> None: ...

    @app.get("/c/{item_id}")
    async def c(item_id: int, q: str = "x") -> None: ...

    plans = {plan.path: plan for plan in compile_application(app).routes if isinstance(plan, RoutePlan)}
    assert plans["/a/{item_id}"].parameters is plans["/b/{item_id}"].parameters
    assert plans["/a/{item_id}"].keywords is plans["/c/{item_id}"].keywords
    assert plans["/a/{item_id}"].parameters[0] is plans["/c/{item_id}"].parameters[0]
    assert plans["/a/{item_id}"].parameters[1] is not plans["/c/{item_id}"].parameters[1]


def test_scope_is_what_the_router_would_add() -> None:
    router = APIRouter()

    @router.get("/items")
    def read() -> None: ...

    app = FastAPI()
    app.include_router(router)
    scope = plan_of(app, "/items").scope()
    assert (scope["app"], scope["router"], scope["endpoint"]) == (app, app.router, read)
    assert scope["route"] is router.routes[0]
    assert scope["fastapi"]["effective_route_context"].path == "/items"


def test_layers_around_the_router_of_the_application_are_not_bypassed() -> None:
    class Own:
        def __init__(self, app: Any) -> None: ...

    app = FastAPI()
    app.router = APIRouter(middleware=[Middleware(Own)])
    app.get("/")(lambda: "inner")
    compiled = compile_application(app)
    assert compiled.reason == "the application's router has middleware or exception handlers"
    assert isinstance(routes_of(app)["/"], GeneralRoute)
