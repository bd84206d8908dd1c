"""Any value as data that JSON has."""

import datetime
import re
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from fastrapi.encoders import ENCODERS_BY_TYPE, jsonable_encoder


class Color(Enum):
    red = "r"


@dataclass
class Point:
    x: int
    y: Decimal


class Model(BaseModel):
    name: str = Field(alias="n", default="a")
    note: str | None = None


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ({1: (1, {2}), "k": None}, {1: [1, [2]], "k": None}),
        (Point(1, Decimal("1.50")), {"x": 1, "y": 1.5}),
        ([Decimal(2), Decimal("1E+2")], [2, 100]),
        (Color.red, "r"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.datetime(2020, 1, 2, 3), "2020-01-02T03:00:00"),
        (datetime.timedelta(seconds=90), 90.0),
        (PurePosixPath("/a"), "/a"),
        (IPv4Address("127.0.0.1"), "127.0.0.1"),
        (re.compile("a+"), "a+"),
        (deque([b"x"]), ["x"]),
        (Model(), {"n": "a", "note": None}),
    ],
)
def test_values_of_the_standard_library_and_pydantic(value: Any, encoded: Any) -> None:
    assert jsonable_encoder(value) == encoded


def test_options_for_models_hold_at_the_outermost_level() -> None:
    value = Model(n="b")
    assert jsonable_encoder(value, by_alias=False, exclude_none=True) == {"name": "b"}
    assert jsonable_encoder(value, exclude_unset=True) == {"n": "b"}
    assert jsonable_encoder(value, include={"note"}) == {"note": None}
    assert jsonable_encoder({"a": {"a": 1}, "b": 2}, include={"a"}) == {"a": {"a": 1}}
    assert jsonable_encoder({"a": 1, "b": 2}, exclude={"a"}) == {"b": 2}


def test_custom_encoders_come_first_and_know_subclasses() -> None:
    class Special(int): ...

    assert jsonable_encoder([Special(1), 2], custom_encoder={Special: lambda value: "special"}) == [
        "special",
        2,
    ]
    assert jsonable_encoder({"when": Color.red}, custom_encoder={Enum: lambda value: value.name}) == {
        "when": "red"
    }


def test_applications_may_add_encoders_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Money:
        __slots__ = ()

    class Euro(Money):
        __slots__ = ()

    with pytest.raises(ValueError, match="not iterable"):
        jsonable_encoder(Euro())
    monkeypatch.setitem(ENCODERS_BY_TYPE, Money, lambda value: "money")
    assert jsonable_encoder(Euro()) == "money"


def test_other_objects_are_taken_by_their_attributes() -> None:
    class Plain:
        def __init__(self) -> None:
            self.a = Color.red
            self._sa_instance_state = object()

    assert jsonable_encoder(Plain()) == {"a": "r"}
