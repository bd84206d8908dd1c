"""`cancel_on_disconnect=` of applications and path operations."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest

from fastrapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request
from fastrapi.middleware.base import BaseHTTPMiddleware
from fastrapi.plan.compile import compile_application
from fastrapi.plan.model import GeneralRoute
from fastrapi.responses import Response, StreamingResponse
from fastrapi.testclient import TestClient
from fastrapi.types import Message

pytestmark = pytest.mark.parametrize("backend", ["asyncio", "trio"])

log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


class Client:
    """A client that goes when it is told to, or when its answer is complete."""

    def __init__(self, body: bytes = b"") -> None:
        self.incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self.gone = anyio.Event()
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.incoming:
            return self.incoming.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.gone.set()

    def request(self, app: FastAPI, path: str, method: str = "GET") -> Callable[[], Awaitable[None]]:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "server": ("test", 80),
        }
        return lambda: app(scope, self.receive, self.send)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status


def run(backend: Any, scenario: Callable[[], Awaitable[None]]) -> None:
    anyio.run(scenario, backend=backend)


async def leaves_after(client: Client, begun: anyio.Event) -> None:
    await begun.wait()
    client.gone.set()


def waiting(app: FastAPI | APIRouter, begun: anyio.Event, **options: Any) -> None:
    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.lowlevel.checkpoint()
            log.append("resource left")

    @app.get("/wait", **options)
    async def wait(resource: Annotated[None, Depends(resource)]) -> str:
        log.append("begun")
        begun.set()
        with anyio.fail_after(10):
            await anyio.sleep_forever()
        return "never"


@pytest.mark.parametrize("by", ["application", "route", "included"])
def test_cancelled_when_the_client_goes(backend: str, by: str) -> None:
    async def scenario() -> None:
        begun, client = anyio.Event(), Client()
        app = FastAPI(cancel_on_disconnect=by != "route")
        if by == "included":
            router = APIRouter()
            waiting(router, begun)
            app.include_router(router)
        else:
            waiting(app, begun, **({"cancel_on_disconnect": True} if by == "route" else {}))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leaves_after, client, begun)
            await client.request(app, "/wait")()
        assert log == ["begun", "resource left"]
        assert client.status == 499

    run(backend, scenario)


def test_a_server_may_refuse_to_send_to_nobody(backend: str) -> None:
    async def scenario() -> None:
        begun, client = anyio.Event(), Client()

        async def send(message: Message) -> None:
            client.sent.append(message)
            raise OSError("gone")

        client.send = send  # type: ignore[method-assign]
        app = FastAPI(cancel_on_disconnect=True)
        waiting(app, begun)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leaves_after, client, begun)
            await client.request(app, "/wait")()
        assert [message["type"] for message in client.sent] == ["http.response.start"]

    run(backend, scenario)


def test_middleware_sees_an_answer(backend: str) -> None:
    async def scenario() -> None:
        begun, client = anyio.Event(), Client()
        app = FastAPI(cancel_on_disconnect=True)
        waiting(app, begun)

        async def note(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            log.append(str(response.status_code))
            return response

        app.add_middleware(BaseHTTPMiddleware, dispatch=note)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leaves_after, client, begun)
            await client.request(app, "/wait")()
        assert log == ["begun", "resource left", "499"]

    run(backend, scenario)


def test_a_stream_is_cancelled_and_does_not_look_complete(backend: str) -> None:
    async def scenario() -> None:
        begun, client = anyio.Event(), Client()
        app = FastAPI()

        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            begun.set()
            with anyio.fail_after(10):
                await anyio.sleep_forever()

        @app.get("/stream", cancel_on_disconnect=True)
        async def stream() -> StreamingResponse:
            return StreamingResponse(parts())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leaves_after, client, begun)
            await client.request(app, "/stream")()
        assert client.status == 200
        assert all(message.get("more_body", True) for message in client.sent)

    run(backend, scenario)


def test_bodies_arrive_and_background_tasks_run_to_their_end(backend: str) -> None:
    async def scenario() -> None:
        client = Client(b'{"a": 1}')
        app = FastAPI(cancel_on_disconnect=True)

        async def after() -> None:
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            log.append("after")

        @app.post("/")
        async def echo(value: dict[str, int], tasks: BackgroundTasks, request: Request) -> dict[str, int]:
            assert not await request.is_disconnected()
            tasks.add_task(after)
            return value

        await client.request(app, "/", "POST")()
        assert (client.status, client.sent[1]["body"]) == (200, b'{"a":1}')
        assert client.gone.is_set()
        assert log == ["after"]

    run(backend, scenario)


def test_the_end_can_be_asked_for_repeatedly_after_the_answer(backend: str) -> None:
    async def scenario() -> None:
        client = Client()
        app = FastAPI(cancel_on_disconnect=True)

        @app.get("/")
        async def read(request: Request, tasks: BackgroundTasks) -> None:
            async def ask() -> None:
                await request.receive()
                log.extend([(await request.receive())["type"] for _ in range(12)])

            tasks.add_task(ask)

        await client.request(app, "/")()
        assert log == ["http.disconnect"] * 12

    run(backend, scenario)


def test_errors_and_limits_are_as_without(backend: Any) -> None:
    app = FastAPI(cancel_on_disconnect=True)

    @app.get("/fail")
    async def fail() -> None:
        raise KeyError("k")

    @app.post("/limited", max_body_size=2)
    async def limited(request: Request) -> int:
        return len(await request.body())

    client = TestClient(app, backend=backend)
    with pytest.raises(KeyError, match="k"):
        client.get("/fail")
    assert client.post("/limited", content=b"abc").status_code == 413
    assert client.post("/limited", content=b"ab").json() == 2


def test_a_route_may_refuse_what_the_application_says(backend: str) -> None:
    app = FastAPI(cancel_on_disconnect=True, openapi_url=None)

    @app.get("/cancelled")
    async def cancelled() -> None: ...

    @app.get("/finished", cancel_on_disconnect=False)
    async def finished() -> None: ...

    first, second = compile_application(app).routes
    assert isinstance(first, GeneralRoute)
    assert first.reason == "is cancelled when its client has gone"
    assert not isinstance(second, GeneralRoute)
