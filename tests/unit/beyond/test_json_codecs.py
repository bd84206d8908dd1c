"""The JSON library of an application: `FastAPI(json=)`."""

import json
from typing import Any

import pytest

from fastrapi import APIRouter, FastAPI
from fastrapi.json_codecs import JSONChoice, json_codec
from fastrapi.plan.compile import compile_application
from fastrapi.testclient import TestClient

NAMED: list[JSONChoice] = ["builtin", "orjson", "stdlib"]
BODIES = [b'{"a":[1,2.5,"\xc3\xa9",null,true]}', b"[18446744073709551615]", b"[1e16]", b'{"a":NaN}']


class Recorder:
    """A codec that counts, and marks what it has read."""

    def __init__(self) -> None:
        self.written: list[Any] = []

    def dumps(self, value: Any) -> str:
        self.written.append(value)
        return json.dumps(value)

    def loads(self, data: bytes) -> Any:
        if data == b"broken":
            raise ValueError("broken indeed")
        return {"read": json.loads(data)}


def build(**options: Any) -> FastAPI:
    app = FastAPI(**options)
    router = APIRouter()

    @app.post("/echo")
    def own(value: dict[str, Any] | list[Any]):  # type: ignore[no-untyped-def]
        return value

    @router.post("/included")
    def included(value: dict[str, Any]):  # type: ignore[no-untyped-def]
        return value

    app.include_router(router)
    return app


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("choice", NAMED)
def test_named_codecs_answer_alike(choice: JSONChoice, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    expected = TestClient(build()).post("/echo", content=body, headers=headers)
    response = TestClient(build(json=choice)).post("/echo", content=body, headers=headers)
    assert (response.status_code, response.content) == (200, expected.content)
    assert response.headers == expected.headers


@pytest.mark.parametrize("choice", NAMED)
def test_what_is_no_json_is_refused_in_the_same_words(choice: JSONChoice) -> None:
    headers = {"content-type": "application/json"}
    expected = TestClient(build()).post("/echo", content=b'{"a":', headers=headers)
    response = TestClient(build(json=choice)).post("/echo", content=b'{"a":', headers=headers)
    assert response.status_code == 422
    assert response.content == expected.content


def test_an_object_reads_and_writes_also_for_included_routes() -> None:
    codec = Recorder()
    client = TestClient(build(json=codec))
    for path in ("/echo", "/included"):
        assert client.post(path, json={"a": 1}).json() == {"read": {"a": 1}}
    assert codec.written == [{"read": {"a": 1}}] * 2


def test_any_value_error_of_an_object_is_a_422() -> None:
    response = TestClient(build(json=Recorder())).post(
        "/echo", content=b"broken", headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["detail"][0]["ctx"] == {"error": "broken indeed"}


def test_what_orjson_refuses_is_left_to_the_standard_library() -> None:
    codec = json_codec("orjson")
    assert codec is not None
    assert codec.dumps([2**70]) == b"[1180591620717411303424]"
    assert codec.loads(b"[Infinity]") == [float("inf")]


def test_what_is_no_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="not 'simplejson'"):
        FastAPI(json="simplejson")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="dumps and loads"):
        FastAPI(json=object())  # type: ignore[arg-type]


def test_other_codecs_keep_an_application_on_the_general_lane() -> None:
    assert compile_application(build()).reason is None
    assert compile_application(build(json="stdlib")).reason == "the application has a JSON codec of its own"
