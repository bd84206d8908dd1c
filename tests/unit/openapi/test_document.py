"""The OpenAPI document: what is asked of pydantic, what is merged, and when all of it happens."""

import subprocess
import sys
import textwrap
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, computed_field

from fastrapi import APIRouter, Body, Depends, FastAPI, Header, Path, Query, Security
from fastrapi.openapi import schemas
from fastrapi.openapi.utils import get_openapi
from fastrapi.security import APIKeyHeader, OAuth2PasswordBearer


class Item(BaseModel):
    name: str
    size: int = 1


class Derived(BaseModel):
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def upper(self) -> str:
        return self.name.upper()


def operation(app: FastAPI, path: str = "/", method: str = "get") -> dict[str, Any]:
    described: dict[str, Any] = app.openapi()["paths"][path][method]
    return described


def test_nothing_is_generated_before_the_document_is_asked_for() -> None:
    code = """
        import sys
        from fastrapi import FastAPI

        app = FastAPI()

        @app.get("/{item}")
        def read(item: int) -> str: ...

        generator = "fastrapi.openapi.utils"
        assert generator not in sys.modules
        assert "fastrapi.openapi.models" not in sys.modules
        app.openapi()
        assert generator in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_equal_parameters_of_many_routes_are_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = schemas.GenerateJsonSchema.generate_definitions

    def generate_definitions(self: Any, inputs: Any) -> Any:
        asked.append(len(inputs))
        return original(self, inputs)

    monkeypatch.setattr(schemas.GenerateJsonSchema, "generate_definitions", generate_definitions)
    app = FastAPI()
    for number in range(50):

        @app.get(f"/{number}/{{item_id}}")
        def read(item_id: int) -> None: ...

    # One description of `int` in a path, and one of each response, which is `None` of its own route.
    document = app.openapi()
    assert len(document["paths"]) == 50
    assert len(asked) == 1
    assert asked[0] <= 52


def test_required_declaration_of_a_name_wins() -> None:
    app = FastAPI()

    @app.get("/")
    def read(
        a: int = 1, b: Annotated[int, Query(alias="a")] = 2, *, c: Annotated[int, Query(alias="a")]
    ) -> None:
        pass

    [parameter] = operation(app)["parameters"]
    assert parameter["required"] is True


def test_parameters_stand_by_place_and_the_operation_before_its_dependencies() -> None:
    app = FastAPI()

    def dependency(inner: int, x_token: Annotated[str, Header()]) -> None: ...

    @app.get("/{key}")
    def read(outer: int, key: Annotated[int, Path()], _: Annotated[None, Depends(dependency)]) -> None: ...

    names = [parameter["name"] for parameter in operation(app, "/{key}")["parameters"]]
    assert names == ["key", "outer", "inner", "x-token"]


def test_fields_of_an_optional_model_are_optional() -> None:
    app = FastAPI()

    @app.get("/")
    def read(item: Annotated[Item | None, Query()] = None) -> None: ...

    assert [parameter["required"] for parameter in operation(app)["parameters"]] == [False, False]


def test_scopes_of_one_scheme_are_united() -> None:
    app = FastAPI()
    scheme = OAuth2PasswordBearer("token", scopes={"a": "A", "b": "B"})

    def inner(token: Annotated[str, Security(scheme, scopes=["b"])]) -> None: ...

    @app.get(
        "/", dependencies=[Security(scheme, scopes=["a"]), Depends(inner), Depends(APIKeyHeader(name="k"))]
    )
    def read() -> None: ...

    assert operation(app)["security"] == [{"OAuth2PasswordBearer": ["a", "b"]}, {"APIKeyHeader": []}]
    assert set(app.openapi()["components"]["securitySchemes"]) == {"OAuth2PasswordBearer", "APIKeyHeader"}


@pytest.mark.parametrize("annotation", [Derived, list[Derived], dict[str, list[Derived]]])
def test_computed_fields_are_kept_where_schemas_are_not_separate(annotation: Any) -> None:
    app = FastAPI(separate_input_output_schemas=False)
    app.get("/", response_model=annotation)(lambda: None)
    assert "upper" in app.openapi()["components"]["schemas"]["Derived"]["properties"]


def test_declared_responses_are_not_changed_by_the_document() -> None:
    declared: dict[int | str, dict[str, Any]] = {200: {"description": "Fine", "content": {"text/plain": {}}}}
    app = FastAPI()

    @app.get("/", responses=declared)
    def read() -> Item: ...

    content = operation(app)["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/plain"}
    assert declared == {200: {"description": "Fine", "content": {"text/plain": {}}}}


def test_a_key_that_is_no_status_is_an_error() -> None:
    app = FastAPI()
    app.get("/", responses={"hello": {"description": "What?"}})(lambda: None)
    with pytest.raises(ValueError, match="hello"):
        app.openapi()


def test_equal_operation_ids_are_reported() -> None:
    app = FastAPI()
    app.get("/a", operation_id="same")(lambda: None)
    app.get("/b", operation_id="same")(lambda: None)
    with pytest.warns(UserWarning, match="Duplicate Operation ID same"):
        app.openapi()


def test_null_members_are_left_out_but_items_are_kept() -> None:
    app = FastAPI()

    @app.post("/")
    def create(
        value: Annotated[
            int | None, Body(examples=[1, None], openapi_examples={"none": {"value": None}})
        ] = None,
    ) -> None: ...

    media = operation(app, method="post")["requestBody"]["content"]["application/json"]
    assert media["schema"]["examples"] == [1, None]
    assert media["examples"] == {"none": {}}


def test_binary_data_is_described_by_its_media_type() -> None:
    app = FastAPI()

    @app.get("/")
    def read(data: bytes) -> None: ...

    [parameter] = operation(app)["parameters"]
    assert parameter["schema"]["contentMediaType"] == "application/octet-stream"


def test_webhooks_stand_under_their_name() -> None:
    hooks = APIRouter()

    @hooks.post("new-item")
    def notify(item: Item) -> None: ...

    document = get_openapi(title="t", version="1", routes=[], webhooks=hooks.routes)
    assert list(document["webhooks"]) == ["new-item"]
    assert "Item" in document["components"]["schemas"]
