from __future__ import annotations

import pytest

from fastrapi.datastructures import FormData, ImmutableMultiDict, MultiDict, QueryParams


def test_lookup_gives_the_last_value() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert params["a"] == "3"
    assert params.getlist("a") == ["1", "3"]
    assert params.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert list(params) == ["a", "b"]


def test_query_string_forms() -> None:
    assert QueryParams(b"a=%C3%A9&b").multi_items() == [("a", "é"), ("b", "")]
    assert QueryParams({"a": 1}, b=2).multi_items() == [("a", "1"), ("b", "2")]
    assert QueryParams("a=1;b=2").multi_items() == [("a", "1;b=2")]
    assert str(QueryParams([("a", "ä"), ("a", "&")])) == "a=%C3%A4&a=%26"
    assert QueryParams(None).multi_items() == []  # type: ignore[arg-type]


def test_order_counts_within_a_key_only() -> None:
    assert QueryParams("a=1&b=2") == QueryParams("b=2&a=1")
    assert QueryParams("a=1&a=2") != QueryParams("a=2&a=1")
    assert QueryParams("a=1") != MultiDict({"a": "1"})


def test_mutation() -> None:
    items = MultiDict([("a", 1), ("b", 2), ("a", 3)])
    items["a"] = 4
    assert items.multi_items() == [("b", 2), ("a", 4)]
    items.setlist("b", [5, 6])
    assert items.poplist("b") == [5, 6]
    assert items.pop("missing", "default") == "default"
    items.update([("c", 1), ("c", 2)], d=3)
    assert items.multi_items() == [("a", 4), ("c", 1), ("c", 2), ("d", 3)]
    assert items.popitem() == ("d", 3)
    items.clear()
    assert len(items) == 0
    with pytest.raises(KeyError):
        items.popitem()
    with pytest.raises(KeyError):
        del items["a"]


def test_copies_are_independent() -> None:
    original = MultiDict([("a", 1)])
    MultiDict(original).append("a", 2)
    assert original.multi_items() == [("a", 1)]


def test_only_one_positional_argument() -> None:
    with pytest.raises(AssertionError, match="Too many arguments"):
        ImmutableMultiDict([("a", 1)], [("b", 2)])


def test_form_data_shows_its_items() -> None:
    assert repr(FormData([("a", "1"), ("a", "2")])) == "FormData([('a', '1'), ('a', '2')])"
