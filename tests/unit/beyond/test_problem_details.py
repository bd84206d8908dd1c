"""`FastAPI(problem_details=True)`: RFC 9457."""

from typing import Any

import pytest

from fastrapi import FastAPI, HTTPException, Request
from fastrapi.responses import JSONResponse
from fastrapi.testclient import TestClient


def build(**options: Any) -> FastAPI:
    app = FastAPI(problem_details=True, **options)

    @app.get("/items/{item}", responses={404: {"description": "None"}, 409: {"model": list[int]}})
    def read(item: int) -> int:
        if item == 0:
            raise HTTPException(404, headers={"X-A": "b"})
        if item == 1:
            raise HTTPException(
                402, {"type": "https://example.com/credit", "title": "Too little", "status": 0, "balance": 3}
            )
        if item == 2:
            raise HTTPException(409, [1, 2])
        if item == 3:
            raise HTTPException(304)
        if item == 4:
            raise KeyError("secret")
        return item

    @app.post("/upload", max_body_size=2)
    async def upload(request: Request) -> int:
        return len(await request.body())

    return app


def plain(status: int, title: str, detail: str, instance: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/items/0", plain(404, "Not Found", "Not Found", "/items/0")),
        ("GET", "/%C3%A9?q=1", plain(404, "Not Found", "Not Found", "/%C3%A9")),
        ("PUT", "/items/9", plain(405, "Method Not Allowed", "Method Not Allowed", "/items/9")),
        (
            "GET",
            "/items/1",
            {
                "type": "https://example.com/credit",
                "title": "Too little",
                "status": 402,
                "instance": "/items/1",
                "balance": 3,
            },
        ),
        (
            "GET",
            "/items/2",
            {
                "type": "about:blank",
                "title": "Conflict",
                "status": 409,
                "instance": "/items/2",
                "errors": [1, 2],
            },
        ),
        (
            "GET",
            "/items/4",
            plain(500, "Internal Server Error", "The server met an error that it did not expect", "/items/4"),
        ),
    ],
)
def test_errors_are_problems(method: str, path: str, expected: dict[str, Any]) -> None:
    response = TestClient(build(), raise_server_exceptions=False).request(method, path)
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()) == (expected["status"], expected)


def test_headers_stay_and_a_304_has_no_body() -> None:
    client = TestClient(build())
    assert client.get("/items/0").headers["x-a"] == "b"
    assert client.get("/items/3").content == b""


def test_validation_errors_are_in_the_problem_up_to_the_limit() -> None:
    response = TestClient(build()).get("/items/x")
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (body["status"], body["detail"], body["instance"]) == (422, "The request is not valid", "/items/x")
    assert [error["loc"] for error in body["errors"]] == [["path", "item"]]
    assert TestClient(build(max_validation_errors=0)).get("/items/x").json()["errors"] == []


@pytest.mark.parametrize("body", [b"[NaN]", b'["\\ud800"]'])
def test_what_json_cannot_hold_is_quoted_as_text(body: bytes) -> None:
    app = build()

    @app.post("/numbers")
    def numbers(values: list[bool]) -> None: ...

    response = TestClient(app).post("/numbers", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", 0]


@pytest.mark.parametrize("options", [{}, {"max_body_size": 10}])
def test_a_body_that_is_too_large(options: dict[str, Any]) -> None:
    response = TestClient(build(**options)).post("/upload", content=b"abc")
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["detail"]) == (413, "Content Too Large")


def test_handlers_of_the_application_win() -> None:
    async def own(request: Request, exc: Exception) -> JSONResponse:
        return JSONResponse({"own": True}, 500)

    app = build(exception_handlers={500: own})
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/items/4").json() == {"own": True}
    assert client.get("/items/0").headers["content-type"] == "application/problem+json"


def test_the_document_says_so() -> None:
    document = build().openapi()
    responses = document["paths"]["/items/{item}"]["get"]["responses"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    assert responses["404"] == {"description": "None", "content": problem}
    assert list(responses["409"]["content"]) == ["application/json"]
    assert responses["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ValidationProblemDetails"}}
    }
    schemas = document["components"]["schemas"]
    assert schemas.keys() == {"ProblemDetails", "ValidationError", "ValidationProblemDetails"}


def test_without_the_switch_nothing_changes() -> None:
    app = FastAPI()

    @app.get("/{item}", responses={404: {"description": "None"}})
    def read(item: int) -> int:
        raise HTTPException(404)

    assert TestClient(app).get("/1").json() == {"detail": "Not Found"}
    responses = app.openapi()["paths"]["/{item}"]["get"]["responses"]
    assert "content" not in responses["404"]
    assert list(responses["422"]["content"]) == ["application/json"]
