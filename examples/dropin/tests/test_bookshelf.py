"""The application's own tests, which know nothing of fastrapi either."""

from collections.abc import Iterator

import pytest
from bookshelf import app, limiter
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette


@pytest.fixture
def client() -> Iterator[TestClient]:
    limiter.reset()
    with TestClient(app) as client:
        yield client


def test_books_come_in_pages(client: TestClient) -> None:
    page = client.get("/books", params={"page": 2, "size": 3}).json()
    assert [book["title"] for book in page["items"]] == ["Villette", "Shirley", "Cranford"]
    assert (page["total"], page["page"], page["pages"]) == (7, 2, 3)


def test_books_come_from_an_offset_on(client: TestClient) -> None:
    page = client.get("/books/window", params={"offset": 5, "limit": 1}).json()
    assert page == {"items": [{"number": 6, "title": "Cranford"}], "total": 7, "limit": 1, "offset": 5}


def test_the_application_itself_has_pages(client: TestClient) -> None:
    assert client.get("/latest", params={"size": 1}).json()["items"] == [{"number": 7, "title": "Ivanhoe"}]


def test_impossible_pages_are_refused(client: TestClient) -> None:
    response = client.get("/books", params={"size": 1000})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "size"]


def test_those_who_ask_too_often_wait(client: TestClient) -> None:
    assert [client.get("/books/lucky").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/books/lucky").json() == {"error": "Rate limit exceeded: 2 per 1 hour"}


@pytest.mark.parametrize(("number", "status"), [("1", 200), ("99", 404), ("one", 422)])
def test_one_book(client: TestClient, number: str, status: int) -> None:
    assert client.get(f"/books/{number}").status_code == status


def test_only_librarians_add_books(client: TestClient) -> None:
    book = {"number": 8, "title": "Kim"}
    assert client.post("/books", json=book).status_code == 401
    assert client.post("/books", json=book, auth=("ann", "loud")).status_code == 403
    response = client.post("/books", json=book, auth=("ann", "quiet"))
    assert (response.status_code, response.headers["x-added-by"]) == (201, "ann")
    assert client.get("/books/8").json() == book


def test_middleware(client: TestClient) -> None:
    response = client.get("/books", params={"size": 7})
    assert response.headers["x-release"] == "7"
    assert response.headers["content-encoding"] == "gzip"


def test_mounted_application(client: TestClient) -> None:
    assert client.get("/door/monday").text == "open monday"


def test_websocket(client: TestClient) -> None:
    with client.websocket_connect("/echo") as socket:
        socket.send_text("psst")
        assert socket.receive_text() == "psst"


def test_metrics_name_the_template_of_a_path(client: TestClient) -> None:
    client.get("/books/5")
    assert 'handler="/books/{number}"' in client.get("/metrics").text


def test_document(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"]["title"] == "Bookshelf"
    assert {parameter["name"] for parameter in document["paths"]["/books"]["get"]["parameters"]} == {
        "page",
        "size",
    }


def test_a_fastapi_application_is_one_of_starlette() -> None:
    assert issubclass(FastAPI, Starlette)
