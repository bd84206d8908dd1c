from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest

from fastrapi.requests import Request
from fastrapi.templating import Jinja2Templates

from .conftest import Call, body_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("{{ value }} {{ request.method }} {{ extra }}")
    return tmp_path


def make_request(**scope: Any) -> Request:
    return Request({"type": "http", "method": "GET", **scope})


async def test_variables(call: Call, directory: Path) -> None:
    templates = Jinja2Templates(directory, context_processors=[lambda request: {"extra": 1}])
    context = {"value": "<b>"}
    response = templates.TemplateResponse(make_request(), "page.html", context, status_code=201)
    sent = await call(response)
    assert sent[0]["status"] == 201
    assert body_of(sent) == b"&lt;b&gt; GET 1"
    assert context == {"value": "<b>"}
    assert set(response.context) == {"value", "request", "extra"}


async def test_tests_can_see_template_and_context(call: Call, directory: Path) -> None:
    request = make_request(extensions={"http.response.debug": {}})
    response = Jinja2Templates(directory).TemplateResponse(request, "page.html")
    sent = await call(response)
    assert sent[0]["type"] == "http.response.debug"
    assert sent[0]["info"] == {"template": response.template, "context": response.context}


async def test_own_environment() -> None:
    environment = jinja2.Environment(loader=jinja2.DictLoader({"a": "{{ url_for('b') }}"}), autoescape=True)
    environment.globals["url_for"] = lambda name: f"own {name}"
    templates = Jinja2Templates(env=environment)
    assert templates.env is environment
    assert templates.get_template("a").render() == "own b"


async def test_either_directory_or_environment() -> None:
    with pytest.raises(AssertionError, match="either 'directory' or 'env'"):
        Jinja2Templates()  # type: ignore[call-overload]


async def test_jinja_is_optional(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match="jinja2 must be installed to use Jinja2Templates"):
        Jinja2Templates(directory)
