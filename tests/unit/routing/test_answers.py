"""What path operations answer: response models, validation errors, background tasks."""

from typing import Any

import pytest
from pydantic import BaseModel

from fastrapi import BackgroundTasks, Body, FastAPI, Request
from fastrapi.exceptions import ResponseValidationError
from fastrapi.responses import JSONResponse, PlainTextResponse
from fastrapi.testclient import TestClient


class Public(BaseModel):
    name: str


class Private(Public):
    password: str


def test_response_model_filters_and_can_be_left_out() -> None:
    app = FastAPI()
    user = Private(name="a", password="b")

    @app.get("/filtered")
    def filtered() -> Public:
        return user

    @app.get("/whole", response_model=None)
    def whole() -> Public:
        return user

    client = TestClient(app)
    assert client.get("/filtered").text == '{"name":"a"}'
    assert client.get("/whole").json() == {"name": "a", "password": "b"}


def test_chosen_response_class_sees_plain_data() -> None:
    seen: list[Any] = []

    class Recording(JSONResponse):
        def render(self, content: Any) -> bytes:
            seen.append(content)
            return super().render(content)

    app = FastAPI()

    @app.get("/", response_class=Recording)
    def read() -> Public:
        return Public(name="a")

    TestClient(app).get("/")
    assert seen == [{"name": "a"}]


@pytest.mark.parametrize("is_async", [False, True])
def test_result_that_does_not_fit_names_the_function(is_async: bool) -> None:
    app, mounted = FastAPI(), FastAPI()
    app.mount("/sub", mounted)

    async def read_async() -> int:
        return "x"  # type: ignore[return-value]

    def read_sync() -> int:
        return "x"  # type: ignore[return-value]

    mounted.get("/{item}")(read_async if is_async else read_sync)
    with pytest.raises(ResponseValidationError) as caught:
        TestClient(app).get("/sub/1")
    assert str(caught.value).endswith(
        f"in {'read_async' if is_async else 'read_sync'}\n    GET /sub/{{item}}"
    )
    assert caught.value.body == "x"


@pytest.mark.parametrize(
    ("content", "echoed"),
    [
        ("NaN", "NaN"),
        ("1e400", "Infinity"),
        ("-1e400", "-Infinity"),
        ('"\\ud800"', "\ufffd"),
        ('{"k\\udfff": [NaN]}', {"k\ufffd": ["NaN"]}),
    ],
)
def test_input_that_json_cannot_hold_is_still_a_422(content: str, echoed: Any) -> None:
    app = FastAPI()

    @app.post("/")
    def read(value: int = Body(embed=True)) -> None: ...

    response = TestClient(app).post(
        "/", content=f'{{"value": {content}}}', headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert [error["input"] for error in response.json()["detail"]] == [echoed]


def test_body_that_is_no_text_is_still_a_422() -> None:
    app = FastAPI()

    @app.post("/")
    def read(value: Public) -> None: ...

    response = TestClient(app).post("/", content=b"\xff", headers={"content-type": "text/plain"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["input"] == "\ufffd"


def test_accepted_values_that_json_does_not_have_reach_the_function() -> None:
    app = FastAPI()

    @app.post("/")
    def read(value: float = Body()) -> str:
        return repr(value)

    headers = {"content-type": "application/json"}
    assert TestClient(app).post("/", content="1e400", headers=headers).json() == "inf"


@pytest.mark.parametrize(("limit", "count"), [("default", 100), (3, 3), (None, 150)])
def test_errors_in_one_answer_are_capped(limit: Any, count: int) -> None:
    app = FastAPI() if limit == "default" else FastAPI(max_validation_errors=limit)

    @app.post("/")
    def read(values: list[int]) -> None: ...

    assert len(TestClient(app).post("/", json=["x"] * 150).json()["detail"]) == count


def _failing(app: FastAPI) -> list[str]:
    events: list[str] = []

    def fail() -> None:
        events.append("failed")
        raise ValueError("of the task")

    @app.get("/")
    def read(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        tasks.add_task(events.append, "next")
        return "ok"

    return events


def test_failing_background_task_ends_the_sequence_and_is_named() -> None:
    app = FastAPI()
    events = _failing(app)
    with pytest.raises(ValueError, match="of the task") as caught:
        TestClient(app).get("/")
    assert events == ["failed"]
    assert "fail" in caught.value.__notes__[0]


def test_background_errors_can_be_isolated(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI(background_errors="isolate")
    events = _failing(app)
    assert TestClient(app).get("/").json() == "ok"
    assert events == ["failed", "next"]
    [record] = caplog.records
    assert "fail" in record.getMessage()
    assert record.exc_info is not None


def test_handler_of_a_validation_error_sees_all_of_it() -> None:
    app = FastAPI(max_validation_errors=1)

    @app.exception_handler(422)
    async def unused(request: Request, exc: Exception) -> PlainTextResponse:
        raise AssertionError("not for validation errors")

    from fastrapi.exceptions import RequestValidationError

    @app.exception_handler(RequestValidationError)
    async def handle(request: Request, exc: RequestValidationError) -> PlainTextResponse:
        return PlainTextResponse(f"{len(exc.errors())} {exc.body}")

    @app.post("/")
    def read(values: list[int]) -> None: ...

    assert TestClient(app).post("/", json=["x", "y"]).text == "2 ['x', 'y']"
