"""Form fields, files, and models whose fields are the form's."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from fastrapi import FastAPI, File, Form, UploadFile
from fastrapi.testclient import TestClient


class Text(BaseModel):
    kind: Literal["text"]
    value: str
    bold: bool = False


class Items(BaseModel):
    kind: Literal["items"]
    value: list[str]


def test_field_that_was_left_empty_is_missing() -> None:
    app = FastAPI()

    @app.post("/")
    def read(
        number: Annotated[int, Form()],
        word: Annotated[str, Form()] = "default",
        words: Annotated[list[str], Form()] = [],  # noqa: B006  # copied for each request
    ) -> list[Any]:
        return [number, word, words]

    client = TestClient(app)
    assert client.post("/", data={"number": "1", "word": "", "words": ["", "a"]}).json() == [
        1,
        "default",
        ["", "a"],
    ]
    [error] = client.post("/", data={"number": ""}).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "number"])


def test_name_that_was_left_empty_gives_way_to_the_next() -> None:
    app = FastAPI()

    @app.post("/")
    def read(value: Annotated[str, Form(validation_alias=AliasChoices("first", "second"))]) -> str:
        return value

    assert TestClient(app).post("/", data={"first": "", "second": "x"}).json() == "x"


def test_files_can_be_read_by_several_parameters() -> None:
    app = FastAPI()

    @app.post("/")
    async def read(
        upload: UploadFile,
        content: Annotated[bytes, File(alias="upload")],
        more: Annotated[list[bytes] | None, File()] = None,
    ) -> list[Any]:
        return [upload.filename, await upload.read(), content, more]

    client = TestClient(app)
    files = [("upload", ("a.txt", b"abc")), ("more", ("b", b"")), ("more", ("c", b"d"))]
    assert client.post("/", files=files).json() == ["a.txt", "abc", "abc", ["", "d"]]


@pytest.mark.parametrize("form", [Form(), Form(discriminator="kind")], ids=["smart", "discriminated"])
def test_each_model_of_a_union_reads_the_form_in_its_own_way(form: Any) -> None:
    app = FastAPI()

    @app.post("/")
    def read(data: Annotated[Text | Items, form], token: Annotated[str, Form()] = "") -> Any:
        return data

    client = TestClient(app)
    assert client.post("/", data={"kind": "items", "value": "x"}).json() == {"kind": "items", "value": ["x"]}
    assert client.post("/", data={"kind": "text", "value": ["x", "y"], "bold": "on"}).json() == {
        "kind": "text",
        "value": "y",
        "bold": True,
    }
    error = client.post("/", data={"kind": "text", "value": ""}).json()["detail"][0]
    assert error["type"] == "missing"
    assert error["loc"][0] == "body"
    assert error["loc"][-1] == "value"


def test_optional_model_is_there_when_one_of_its_fields_is() -> None:
    class Profile(BaseModel):
        name: str
        age: int = 0

    app = FastAPI()

    @app.post("/")
    def read(token: Annotated[str, Form()], profile: Annotated[Profile | None, Form()] = None) -> Any:
        return profile

    client = TestClient(app)
    assert client.post("/", data={"token": "t"}).json() is None
    assert client.post("/", data={"token": "t", "name": "n"}).json() == {"name": "n", "age": 0}
    [error] = client.post("/", data={"token": "t", "age": "1"}).json()["detail"]
    assert error["loc"] == ["body", "name"]


def test_model_that_forbids_others_sees_the_fields_of_its_neighbours() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str

    app = FastAPI()

    @app.post("/")
    def read(data: Annotated[Closed, Form()], token: Annotated[str, Form()] = "") -> Any:
        return data

    client = TestClient(app)
    assert client.post("/", data={"name": "n"}).json() == {"name": "n"}
    [error] = client.post("/", data={"name": "n", "token": "t"}).json()["detail"]
    assert (error["type"], error["loc"]) == ("extra_forbidden", ["body", "token"])


def test_schema_describes_the_models_as_parts_of_the_form() -> None:
    class Other(BaseModel):
        limit: int = Field(ge=1)

    app = FastAPI()

    @app.post("/")
    def read(
        token: Annotated[str, Form()],
        other: Annotated[Other, Form()],
        data: Annotated[Text | None, Form()] = None,
    ) -> None: ...

    schema = app.openapi()["components"]["schemas"]["Body_read__post"]
    assert schema["properties"] == {"token": {"type": "string", "title": "Token"}}
    assert schema["required"] == ["token"]
    required, optional = schema["allOf"]
    assert required == {"$ref": "#/components/schemas/Other"}
    absent, present = optional["anyOf"]
    assert absent == {"not": {"anyOf": [{"required": [name]} for name in ("bold", "kind", "value")]}}
    assert present == {"anyOf": [{"$ref": "#/components/schemas/Text"}], "title": "Data"}
