"""The names of the first FastrAPI, in terms of what they do to requests."""

from __future__ import annotations

import time

import anyio
import pytest

from fastrapi import APIRouter, Depends, FastAPI, FastrAPI, Request
from fastrapi.classic.rate_limit import ClientRates
from fastrapi.exceptions import FastAPIError
from fastrapi.instrumentator import Instrumentator
from fastrapi.testclient import TestClient


def test_a_kept_answer_is_made_once() -> None:
    app, calls = FastrAPI(), []

    @app.get("/kept", cache_resp=True)
    def kept() -> dict[str, int]:
        calls.append("kept")
        return {"calls": len(calls)}

    @app.const_get("/constant")
    def constant() -> int:
        calls.append("constant")
        return len(calls)

    client = TestClient(app)
    assert [client.get("/kept").json() for _ in range(3)] == [{"calls": 1}] * 3
    assert [client.get("/constant").json() for _ in range(3)] == [2] * 3


def test_a_failure_is_not_kept() -> None:
    app, calls = FastAPI(), []

    @app.get("/", cache_resp=True)
    def unsteady() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("not yet")
        return "fine"

    client = TestClient(app, raise_server_exceptions=False)
    assert [client.get("/").status_code for _ in range(3)] == [500, 200, 200]
    assert len(calls) == 2


def test_an_answer_that_depends_on_the_request_cannot_be_kept() -> None:
    app = FastAPI()
    with pytest.raises(FastAPIError, match="query_params"):
        app.get("/", cache_resp=True)(lambda q: q)
    with pytest.raises(FastAPIError, match="dependencies"):
        app.get("/", cache_resp=True, dependencies=[Depends(lambda: None)])(lambda: None)
    with pytest.raises(FastAPIError, match="POST"):
        app.post("/", cache_resp=True)(lambda: None)


def test_dependencies_of_an_inclusion_are_not_bypassed() -> None:
    router = APIRouter()
    router.get("/", cache_resp=True)(lambda: "secret")
    app = FastAPI()
    with pytest.raises(FastAPIError, match="dependencies"):
        app.include_router(router, prefix="/guarded", dependencies=[Depends(lambda: None)])


def test_each_client_has_its_own_allowance() -> None:
    now = [100.0]
    rates = ClientRates(2, clock=lambda: now[0])
    assert [rates.wait_for("a") for _ in range(3)] == [0, 0, pytest.approx(0.5)]
    assert rates.wait_for("b") == 0
    now[0] += 0.5
    assert [bool(rates.wait_for("a")) for _ in range(2)] == [False, True]


def test_a_rate_below_one_lets_a_request_through_now_and_then() -> None:
    now = [0.0]
    rates = ClientRates(0.5, clock=lambda: now[0])
    assert rates.wait_for("a") == 0
    assert rates.wait_for("a") == pytest.approx(2)
    now[0] += 2
    assert rates.wait_for("a") == 0


def test_clients_that_have_gone_are_forgotten() -> None:
    now = [0.0]
    rates = ClientRates(1, clock=lambda: now[0])
    for number in range(1024):
        rates.wait_for(str(number))
    now[0] += 10
    rates.wait_for("late")
    assert len(rates) == 1


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate_limit"):
        ClientRates(rate)


def test_requests_beyond_the_rate_are_answered_with_429() -> None:
    app = FastAPI()
    app.get("/", rate_limit=0.001)(lambda: "fine")
    client = TestClient(app)
    assert client.get("/").status_code == 200
    refused = client.get("/")
    assert (refused.status_code, refused.json()) == (429, {"detail": "Too Many Requests"})
    assert int(refused.headers["retry-after"]) > 900
    assert app.openapi()["paths"]["/"]["get"]["responses"]["429"] == {"description": "Too Many Requests"}


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_an_answer_that_does_not_begin_is_a_timeout(kind: str) -> None:
    app, done = FastAPI(request_timeout=0.01), []

    async def wait() -> None:
        await anyio.sleep(60)
        done.append("async")

    def block() -> None:
        time.sleep(0.1)
        done.append("sync")

    app.get("/")(wait if kind == "async" else block)
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (408, {"detail": "Request Timeout"})
    # A thread cannot be stopped, a coroutine can.
    assert done == ([] if kind == "async" else ["sync"])


def test_an_answer_in_time_is_sent() -> None:
    app = FastAPI(request_timeout=600)
    app.get("/")(lambda: "quick")
    assert TestClient(app).get("/").json() == "quick"


def test_a_timeout_has_to_be_positive() -> None:
    with pytest.raises(ValueError, match="request_timeout"):
        FastAPI(request_timeout=0)


def test_ids_of_requests_are_taken_over_if_they_are_harmless() -> None:
    app = FastAPI(request_id_header="X-Request-ID")

    @app.get("/")
    def read(request: Request) -> str:
        return str(request.state.request_id)

    client = TestClient(app)
    given = client.get("/", headers={"x-request-id": "abc-1"})
    assert (given.json(), given.headers["x-request-id"]) == ("abc-1", "abc-1")
    made = client.get("/", headers={"x-request-id": "a b"})
    assert made.json() == made.headers["x-request-id"] != "a b"
    assert client.get("/missing").headers["x-request-id"]


def test_fallback_answers_what_no_route_matches() -> None:
    app = FastAPI()
    app.get("/known")(lambda: "known")

    @app.fallback
    def unknown(path: str) -> str:
        return path

    client = TestClient(app)
    assert client.get("/known").json() == "known"
    assert client.post("/known").status_code == 405
    assert client.get("/some/where").json() == client.delete("/some/where").json() == "some/where"
    assert client.get("/docs").status_code == 200
    assert set(app.openapi()["paths"]) == {"/known"}


def test_nest_is_an_inclusion() -> None:
    router = APIRouter()
    router.get("/item")(lambda: "item")
    app = FastAPI()
    app.nest("/nested", router)
    assert TestClient(app).get("/nested/item").json() == "item"


def test_events() -> None:
    app, events = FastAPI(), []

    @app.on_startup
    async def start() -> None:
        events.append("start")

    @app.on_shutdown
    def stop() -> None:
        events.append("stop")

    with TestClient(app):
        assert events == ["start"]
    assert events == ["start", "stop"]


def test_the_document_is_also_where_it_was() -> None:
    app = FastAPI()
    client = TestClient(app)
    assert client.get("/api-docs/openapi.json").json() == client.get("/openapi.json").json()
    assert "/api-docs/openapi.json" not in [getattr(route, "path", None) for route in app.routes]
    hidden = TestClient(FastAPI(openapi_url=None))
    assert hidden.get("/api-docs/openapi.json").status_code == 404


def test_metrics_are_counted_by_template() -> None:
    router = APIRouter()
    router.get("/{item_id}")(lambda item_id: item_id)
    app = FastAPI()
    app.include_router(router, prefix="/items")
    Instrumentator(buckets=[60.0]).expose(app)
    client = TestClient(app)
    for path in ("/items/1", "/items/2", "/missing"):
        client.get(path)
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    labels = 'method="GET",handler="/items/{item_id}",status="200"'
    assert f"http_requests_total{{{labels}}} 2" in lines
    assert f'http_request_duration_seconds_bucket{{{labels},le="60.0"}} 2' in lines
    assert f'http_request_duration_seconds_bucket{{{labels},le="+Inf"}} 2' in lines
    assert 'http_requests_total{method="GET",handler="none",status="404"} 1' in lines
    assert "http_requests_in_progress 1" in lines
    assert "/metrics" not in app.openapi()["paths"]
