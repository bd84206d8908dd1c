"""What the server reads and writes of plain models is what pydantic reads and writes.

Both sides get the same JSON, valid or not, and the same instances. Where the server does not decide, pydantic
does, so only its answers are compared; how often it must decide is asserted apart.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fastrapi._core import ModelReader, ModelWriter
from fastrapi.plan.models import plain_shapes

STATE = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")


class Point(BaseModel):
    x: float
    y: float = 0.5


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    number: int = 7
    flag: bool = False
    nothing: None = None


class Node(BaseModel):
    """Every plain type, under names of its own, and itself."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    identity: int = Field(alias="id")
    leaf: Leaf
    leaves: list[Leaf] = []
    by_name: dict[str, Leaf | None] = Field(default_factory=dict, alias="byName")
    maybe: float | None = None
    matrix: list[list[float]] = Field(default_factory=list)
    children: list[Node] = []
    seventh: str = "plenty of fields"
    eighth: Point | None = None


class Nothing(BaseModel):
    pass


TYPES: list[Any] = [Point, Leaf, Node, list[Leaf], Node | None, dict[str, Point], Nothing, list[Nothing]]
ADAPTERS = [TypeAdapter(type_) for type_ in TYPES]


def _made(make: Any, adapter: TypeAdapter[Any], use: Any) -> Any:
    shapes = plain_shapes(adapter.core_schema, use)
    assert shapes is not None
    return make(shapes)


READERS = [_made(ModelReader, adapter, "read") for adapter in ADAPTERS]
WRITERS = [_made(ModelWriter, adapter, "write") for adapter in ADAPTERS]


def anatomy(value: Any) -> Any:
    """A value with all that two equal ones could differ in."""
    if isinstance(value, BaseModel):
        state = [object.__getattribute__(value, name) for name in STATE]
        return type(value), [(k, anatomy(v)) for k, v in state[0].items()], state[1:]
    if isinstance(value, dict):
        return dict, [(anatomy(k), anatomy(v)) for k, v in value.items()]
    if isinstance(value, list):
        return list, [anatomy(item) for item in value]
    return type(value), repr(value)


texts = st.text(max_size=12) | st.sampled_from(
    ["", 'a"b\\c/\b\f\n\r\t\x00\x7f', "é\u2028\U0001f600", "x" * 300]
)
numbers = st.integers(-(2**70), 2**70) | st.integers(-5, 5)
hundredths = st.integers(-(10**14), 10**14).map(lambda number: number / 100)
floats = (
    st.floats()
    | hundredths
    | numbers
    | st.sampled_from([0.0, -0.0, 1e16, 1e-4, 9.9e-5, 5e-324, 1e22, 2.5, 123456.75])
)
anything: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | numbers | floats | texts | st.just([]) | st.just({})
)


def _object(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


points = _object({"x": floats}, {"y": floats})
leaves = _object({"text": texts}, {"number": numbers, "flag": st.booleans(), "nothing": st.none()})


def _node(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _object(
        {"id": numbers, "leaf": leaves},
        {
            "leaves": st.lists(leaves, max_size=3),
            "byName": st.dictionaries(texts, st.none() | leaves, max_size=3),
            "maybe": st.none() | floats,
            "matrix": st.lists(st.lists(floats, max_size=3), max_size=3),
            "children": st.lists(children, max_size=2),
            "seventh": texts,
            "eighth": st.none() | points,
        },
    )


nodes = st.recursive(_node(st.just({"id": 3, "leaf": {"text": "end"}})), _node, max_leaves=4)
documents = (
    points | leaves | nodes | st.lists(leaves, max_size=4) | st.dictionaries(texts, points, max_size=3)
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A document in which one value is another, or one key is absent or new."""
    document = draw(documents)
    places = list(_places(document))
    if not places:
        return draw(anything)
    container, key = draw(st.sampled_from(places))
    action = draw(st.sampled_from(["replace", "remove", "add"]))
    if action == "remove":
        del container[key]
    elif action == "add" and isinstance(container, dict):
        container[draw(texts)] = draw(anything)
    else:
        container[key] = draw(anything)
    return document


def _places(document: Any) -> Any:
    for key in list(document) if isinstance(document, dict) else range(len(document)):
        yield document, key
        if isinstance(document[key], (dict, list)):
            yield from _places(document[key])


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """JSON in which some bytes are others."""
    raw = bytearray(_encoded(draw(documents), draw(st.booleans())))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = start + draw(st.integers(0, 2))
        raw[start:end] = draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b",",
                    b":",
                    b"0",
                    b"-",
                    b".",
                    b"e9",
                    b"\\",
                    b"\\ud800",
                    b"\x00",
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"NaN",
                    b"Infinity",
                    b"1e999",
                    b"-0",
                    b"01",
                    b" \n",
                    b"\xc2\x85",
                    b"/**/",
                    b"null",
                    b"9" * 25,
                    b"[",
                    b"}",
                ]
            )
        )
    return bytes(raw)


def _encoded(document: Any, ascii_only: bool) -> bytes:
    return json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def check_reading(raw: bytes) -> None:
    for adapter, reader in zip(ADAPTERS, READERS, strict=True):
        read = reader.read(raw)
        if read is not None:
            # Where pydantic raises, this raises, and the test fails.
            assert anatomy(read[0]) == anatomy(adapter.validate_json(raw)), raw
            assert read[0] == adapter.validate_json(raw)


def check_writing(value: Any) -> None:
    for adapter, writer in zip(ADAPTERS, WRITERS, strict=True):
        written = writer.write(value)
        if written is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                validated = adapter.validate_python(value, from_attributes=True)
                assert written == adapter.serializer.to_json(validated, by_alias=True)


many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(documents, st.booleans())
def test_documents_are_read_and_written_alike(document: Any, ascii_only: bool) -> None:
    raw = _encoded(document, ascii_only)
    check_reading(raw)
    for adapter in ADAPTERS:
        try:
            value = adapter.validate_json(raw)
        except ValidationError:
            continue
        check_writing(value)


@many
@given(damaged(), st.booleans())
def test_damaged_documents_are_read_alike(document: Any, ascii_only: bool) -> None:
    check_reading(_encoded(document, ascii_only))


@many
@given(mutilated())
def test_mutilated_json_is_read_alike(raw: bytes) -> None:
    check_reading(raw)


@many
@given(nodes, st.sampled_from(sorted(Node.model_fields)), anything)
def test_values_of_other_types_are_written_alike(document: Any, name: str, other: Any) -> None:
    try:
        value = Node.model_validate_json(json.dumps(document))
    except ValidationError:
        return
    value.__dict__[name] = other
    check_writing(value)


ORDINARY = {
    Point: {"x": 1.5, "y": 2},
    Leaf: {"text": "täxt\n", "number": -3, "flag": True},
    Node: {
        "id": 1,
        "leaf": {"text": "a"},
        "leaves": [{"text": "b", "number": 2**64 - 1}],
        "byName": {"n": None, "m": {"text": "c"}},
        "matrix": [[1, 2.5], []],
        "children": [{"leaf": {"text": "d"}, "id": 2}],
        "eighth": {"x": 0},
    },
    Nothing: {},
}


@pytest.mark.parametrize("model", ORDINARY)
def test_ordinary_documents_need_no_pydantic(model: type[BaseModel]) -> None:
    raw = json.dumps(ORDINARY[model]).encode()
    adapter = TypeAdapter(model)
    read = _made(ModelReader, adapter, "read").read(raw)
    assert read is not None
    assert anatomy(read[0]) == anatomy(model.model_validate_json(raw))
    writable = json.loads(raw.replace(str(2**64 - 1).encode(), b"5"))
    value = model.model_validate(writable)
    assert _made(ModelWriter, adapter, "write").write(value) == model.__pydantic_serializer__.to_json(
        value, by_alias=True
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text": "a", "text": "b"}',
        b'{"text": "a", "other": 1}',
        b'{"number": 1}',
        b'{"text": 1}',
        b'{"text": "a", "number": 1.0}',
        b'{"text": "a", "number": "1"}',
        b'{"text": "a", "number": 18446744073709551616}',
        b'{"text": "a", "flag": 1}',
        b'{"text": "\\ud800"}',
        b'{"text": "a"} x',
        b'\xef\xbb\xbf{"text": "a"}',
        b'{"text": ["a"]}',
        b"[]",
        b"",
        b"null",
    ],
)
def test_doubtful_json_is_for_pydantic(raw: bytes) -> None:
    assert _made(ModelReader, TypeAdapter(Leaf), "read").read(raw) is None


def test_deep_json_is_for_pydantic() -> None:
    document: dict[str, Any] = {"id": 1, "leaf": {"text": "a"}}
    for _ in range(70):
        document = {**document, "children": [document]}
    raw = json.dumps(document).encode()
    assert _made(ModelReader, TypeAdapter(Node), "read").read(raw) is None
    assert _made(ModelWriter, TypeAdapter(Node), "write").write(Node.model_validate_json(raw)) is None


def test_other_instances_are_for_pydantic() -> None:
    class Special(Leaf):
        more: int = 1

    class Text(str):
        pass

    write = _made(ModelWriter, TypeAdapter(Leaf), "write").write
    endless = Leaf(text="a")
    endless.__dict__["text"] = endless
    shuffled = Leaf(text="a")
    shuffled.__dict__["text"] = shuffled.__dict__.pop("text")
    extended = Leaf(text="a")
    extended.__dict__["cached"] = 1
    for value in (
        Special(text="a"),
        Leaf(text=Text("a"))
        if type(Leaf(text=Text("a")).text) is Text
        else Leaf.model_construct(text=Text("a")),
        Leaf.model_construct(text=1),
        Leaf.model_construct(),
        Leaf(text="a", number=2**64),
        {"text": "a"},
        endless,
        shuffled,
        extended,
        None,
    ):
        assert write(value) is None


def test_defaults_that_can_change_are_not_shared() -> None:
    reader = _made(ModelReader, TypeAdapter(Node), "read")
    raw = b'{"id": 1, "leaf": {"text": "a"}}'
    (first,), (second,) = reader.read(raw), reader.read(raw)
    first.leaves.append(first.leaf)
    first.by_name["a"] = None
    assert (second.leaves, second.by_name) == ([], {})
    assert first.model_fields_set is not second.model_fields_set


@pytest.mark.parametrize(
    "number", ["-0.0", "-0", "0", "0.0", "0e5", "-0e0", "1E2", "9007199254740993", "1" * 30]
)
def test_numbers_at_the_edges(number: str) -> None:
    raw = b'{"x": %b, "y": 0}' % number.encode()
    check_reading(raw)
