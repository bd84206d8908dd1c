"""Models whose fields are query parameters, headers or cookies."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from fastrapi import Cookie, FastAPI, Header, Query
from fastrapi.testclient import TestClient


class Filters(BaseModel):
    term: str = Field(validation_alias=AliasChoices("q", "search"))
    tags: list[str] = []
    limit: int = 10


def test_fields_are_found_under_their_names_and_lists_are_kept_whole() -> None:
    app = FastAPI()

    @app.get("/")
    def read(filters: Annotated[Filters, Query()]) -> Any:
        return filters

    client = TestClient(app)
    assert client.get("/?search=x&tags=a&tags=b").json() == {"term": "x", "tags": ["a", "b"], "limit": 10}
    assert client.get("/?q=x&search=y").json()["term"] == "x"
    errors = client.get("/?limit=x").json()["detail"]
    assert [error["loc"] for error in errors] == [["query", "q"], ["query", "limit"]]


def test_header_is_called_by_its_field_with_dashes_and_only_so() -> None:
    class Headers(BaseModel):
        x_id: int

    app = FastAPI()

    @app.get("/")
    def read(headers: Annotated[Headers, Header()]) -> Any:
        return headers

    client = TestClient(app)
    assert client.get("/", headers={"X-ID": "1"}).json() == {"x_id": 1}
    [error] = client.get("/", headers={"x_id": "1"}).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["header", "x-id"])


def test_model_may_take_what_it_does_not_know() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        known: int = 0

    app = FastAPI()

    @app.get("/")
    def read(values: Annotated[Open, Query()], other: str = "") -> Any:
        return values

    assert TestClient(app).get("/?known=1&other=x&many=1&many=2").json() == {
        "known": 1,
        "other": "x",
        "many": ["1", "2"],
    }


def test_optional_model_is_there_when_one_of_its_fields_is() -> None:
    class Session(BaseModel):
        id: int
        user: str = "nobody"

    app = FastAPI()

    @app.get("/")
    def read(session: Annotated[Session | None, Cookie()] = None) -> Any:
        return session

    client = TestClient(app)
    assert client.get("/").json() is None
    assert client.get("/", headers={"cookie": "id=1"}).json() == {"id": 1, "user": "nobody"}
    assert client.get("/", headers={"cookie": "user=a"}).json()["detail"][0]["loc"] == ["cookie", "id"]
