from __future__ import annotations

import re
from typing import Any

import pytest

from fastrapi._routing.paths import parse_template, path_shape, same_origin_path
from fastrapi.compat.starlette.routing import (
    Host,
    Match,
    Mount,
    NoMatchFound,
    Route,
    Router,
    WebSocketRoute,
    compile_path,
    get_name,
    replace_params,
)
from fastrapi.convertors import Convertor, StringConvertor
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse
from fastrapi.types import Scope


async def endpoint(request: Request[Any]) -> PlainTextResponse:
    return PlainTextResponse("")


def http(path: str, **scope: Any) -> Scope:
    return {"type": "http", "method": "GET", "path": path, "headers": [], **scope}


def test_compile_path_escapes_literals_and_names_groups() -> None:
    pattern, path_format, convertors = compile_path("/a.b/{id:int}(x)/{p:path}")
    assert pattern == re.compile(r"^/a\.b/(?P<id>[0-9]+)\(x\)/(?P<p>.*)$")
    assert path_format == "/a.b/{id}(x)/{p}"
    assert list(convertors) == ["id", "p"]


@pytest.mark.parametrize(
    ("host", "pattern"),
    [
        ("{sub}.example.org:3600", r"^(?P<sub>[^/]+)\.example\.org$"),
        ("[::1]", r"^\[::1\]$"),
        ("[::1]:8000", r"^\[::1\]$"),
    ],
)
def test_host_template_has_no_port_and_no_case(host: str, pattern: str) -> None:
    compiled, host_format, _ = compile_path(host)
    assert compiled == re.compile(pattern, re.IGNORECASE)
    assert host_format == host


@pytest.mark.parametrize("text", ["{a.b}", "{ x}", "{1a}", "{}", "{a:}"])
def test_braces_that_are_no_parameter_are_literal(text: str) -> None:
    assert parse_template(f"/{text}").convertors == {}


def test_unknown_convertor() -> None:
    with pytest.raises(AssertionError, match="Unknown path convertor 'foo'"):
        compile_path("/{id:foo}")


def test_duplicates_are_reported_together() -> None:
    with pytest.raises(ValueError, match=r"Duplicated param names id, name at path /{id}/{name}/{id}/{name}"):
        compile_path("/{id}/{name}/{id}/{name}")


def test_replace_params_does_not_take_values_for_placeholders() -> None:
    convertors = {"a": StringConvertor(), "b": StringConvertor()}
    assert replace_params("/{a}/{b}", convertors, {"a": "{b}", "b": "x", "c": 1}) == ("/{b}/x", {"c": 1})
    assert replace_params("/{a}/{b}", convertors, {"b": "x"}) == ("/{a}/x", {})


@pytest.mark.parametrize(
    ("path", "expected"),
    [("//x", "/%2Fx"), ("/\\x", "/%5Cx"), ("/x//y", "/x//y"), ("/", "/"), ("", "")],
)
def test_same_origin_path(path: str, expected: str) -> None:
    assert same_origin_path(path) == expected


class SlashConvertor(StringConvertor):
    regex = ".+"


@pytest.mark.parametrize(
    ("template", "segments", "is_open"),
    [
        ("/", ("",), False),
        ("", (), False),
        ("/a/{id}/b", ("a", None, "b"), False),
        ("/a/x-{id:int}.{ext}", ("a", None), False),
        ("/a/{rest:path}/z", ("a",), True),
        ("/a/{date:slashed}", ("a",), True),
    ],
)
def test_path_shape(
    template: str, segments: tuple[str | None, ...], is_open: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A subclass of a known convertor may match more than that.
    monkeypatch.setitem(parse_template.__globals__["CONVERTOR_TYPES"], "slashed", SlashConvertor())
    assert path_shape(parse_template(template)) == (segments, is_open)


def test_trailing_newline_does_not_match() -> None:
    for route in (Route("/a", endpoint), Route("/a/{id:int}", endpoint)):
        assert route.matches(http(f"{route.path_format.format(id=1)}\n"))[0] is Match.NONE


def test_value_that_the_convertor_refuses_does_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    class Even(Convertor[int]):
        regex = "[0-9]+"

        def convert(self, value: str) -> int:
            if int(value) % 2:
                raise ValueError(value)
            return int(value)

        def to_string(self, value: int) -> str:
            return str(value)

    monkeypatch.setitem(parse_template.__globals__["CONVERTOR_TYPES"], "even", Even())
    route = Route("/{n:even}", endpoint)
    assert route.matches(http("/2"))[1]["path_params"] == {"n": 2}
    assert route.matches(http("/3"))[0] is Match.NONE
    assert Route("/{n:int}", endpoint).matches(http("/" + "9" * 5000))[0] is Match.NONE


def test_path_params_of_outer_mounts_stay() -> None:
    _, child_scope = Route("/{b}", endpoint).matches(http("/2", path_params={"a": "1"}))
    assert child_scope["path_params"] == {"a": "1", "b": "2"}


def test_route_equality_and_names() -> None:
    assert Route("/a", endpoint) == Route("/a", endpoint, name="other")
    assert Route("/a", endpoint) != Route("/a", endpoint, methods=["POST"])
    assert WebSocketRoute("/a", endpoint) != Route("/a", endpoint)
    assert get_name(Request) == "Request"


def test_allow_header_lists_methods_in_order() -> None:
    route = Route("/a", endpoint, methods=["put", "post", "get"])
    assert route.methods == {"GET", "HEAD", "POST", "PUT"}


def test_mount_scope() -> None:
    mount = Mount("/m/{t}", app=PlainTextResponse(""))
    match, child_scope = mount.matches(http("/r/m/3/x", root_path="/r"))
    assert match is Match.FULL
    assert child_scope["path_params"] == {"t": "3"}
    assert (child_scope["app_root_path"], child_scope["root_path"]) == ("/r", "/r/m/3")
    assert mount.matches(http("/m/3"))[0] is Match.NONE


def test_path_parameter_called_path_belongs_to_the_route_inside_a_mount() -> None:
    mount = Mount("/m", routes=[Route("/z/{path}", endpoint, name="a")], name="n")
    assert mount.url_path_for("n:a", path="q") == "/m/z/q"
    assert mount.url_path_for("n", path="/q") == "/m/q"
    with pytest.raises(NoMatchFound):
        mount.url_path_for("m:a", path="q")


def test_empty_mount_name_is_a_prefix() -> None:
    router = Router([Mount("/m", routes=[Route("/a", endpoint, name="x")], name="")])
    assert router.url_path_for(":x") == "/m/a"
    with pytest.raises(NoMatchFound, match=r'No route exists for name "x" and params "".'):
        router.url_path_for("x")


@pytest.mark.parametrize("host", [b"", b"a.b@c", b"api.example.org:x", b"example.org"])
def test_host_that_does_not_match(host: bytes) -> None:
    route = Host("{sub}.example.org", app=PlainTextResponse(""))
    assert route.matches({"type": "http", "path": "/", "headers": [(b"host", host)]})[0] is Match.NONE


@pytest.mark.parametrize("factory", [Route, WebSocketRoute, Mount])
def test_paths_start_with_a_slash(factory: Any) -> None:
    with pytest.raises(AssertionError, match="Routed paths must start with '/'"):
        factory("a", endpoint)


def test_mount_needs_an_application() -> None:
    with pytest.raises(AssertionError, match=r"Either .app=...', or 'routes=' must be specified"):
        Mount("/a")


def test_host_does_not_start_with_a_slash() -> None:
    with pytest.raises(AssertionError, match="Host must not start with '/'"):
        Host("/a", PlainTextResponse(""))
