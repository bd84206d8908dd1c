from __future__ import annotations

import copy
import pickle

import pytest

from fastrapi.datastructures import CommaSeparatedStrings, Secret, State


def test_attributes_and_items_are_the_same() -> None:
    state = State({"a": 1})
    state.b = 2
    state["c"] = 3
    assert (state["a"], state["b"], state.c) == (1, 2, 3)
    del state.a
    del state["b"]
    assert list(state) == ["c"]
    assert len(state) == 1


def test_missing_attribute() -> None:
    with pytest.raises(AttributeError, match="'State' object has no attribute 'a'"):
        State().a  # noqa: B018


def test_can_be_copied_and_pickled() -> None:
    state = State({"a": [1]})
    assert copy.copy(state).a is state.a
    assert copy.deepcopy(state).a == [1]
    assert pickle.loads(pickle.dumps(state)).a == [1]


def test_secret_reveals_itself_only_to_str() -> None:
    secret = Secret("hidden")
    assert "hidden" not in repr(secret)
    assert str(secret) == "hidden"
    assert not Secret("")


def test_comma_separated_strings() -> None:
    assert list(CommaSeparatedStrings("a b, 'c,d', \"e\"")) == ["a b", "c,d", "e"]
    assert CommaSeparatedStrings(["a", "b"])[1:] == ["b"]
