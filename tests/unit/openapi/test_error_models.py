"""The models of `fastrapi.exceptions`, which are made when they are first asked for."""

import pytest
from pydantic import BaseModel

from fastrapi import exceptions


@pytest.mark.parametrize(
    ("name", "title"), [("RequestErrorModel", "Request"), ("WebSocketErrorModel", "WebSocket")]
)
def test_a_model_is_made_once_and_has_its_title(name: str, title: str) -> None:
    model: type[BaseModel] = getattr(exceptions, name)
    assert model.model_json_schema()["title"] == title
    assert getattr(exceptions, name) is model


def test_an_unknown_name_is_reported() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Absent'"):
        exceptions.Absent  # type: ignore[attr-defined]  # noqa: B018
