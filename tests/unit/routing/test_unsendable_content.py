"""Values that Python's JSON decoder takes and its encoder does not."""

from typing import Any

import pytest
from pydantic import BaseModel

from fastrapi import FastAPI
from fastrapi.testclient import TestClient

app = FastAPI()


class Item(BaseModel):
    name: str
    f: float = 0
    any: Any = None


@app.post("/json")
async def echo(item: Item):  # type: ignore[no-untyped-def]  # no response model is what is tested
    return item


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"name": "x", "f": 1e400}', {"name": "x", "f": None, "any": None}),
        ('{"name": "x", "any": [NaN, -Infinity, 1.5]}', {"name": "x", "f": 0.0, "any": [None, None, 1.5]}),
        ('{"name": "\\ud800"}', {"name": "\ufffd", "f": 0.0, "any": None}),
        ('{"name": "x", "any": {"\\udfff": "a"}}', {"name": "x", "f": 0.0, "any": {"\ufffd": "a"}}),
    ],
)
def test_what_was_accepted_can_be_sent_back(body: str, expected: object) -> None:
    headers = {"content-type": "application/json"}
    response = TestClient(app).post("/json", content=body, headers=headers)
    assert response.status_code == 200
    assert response.json() == expected
