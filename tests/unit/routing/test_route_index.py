"""The index must find exactly what asking every route in order finds."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from fastrapi._routing.index import RouteIndex
from fastrapi._routing.revision import RouteList
from fastrapi.compat.starlette.routing import BaseRoute, Match, Mount, Route, Router
from fastrapi.requests import Request
from fastrapi.responses import PlainTextResponse
from fastrapi.types import Scope

SEGMENTS = ["a", "b", "{x}", "{n:int}", "{f:float}", "pre-{x}", "{x}.json", "{rest:path}", "me", ""]


async def endpoint(request: Request[Any]) -> PlainTextResponse:
    return PlainTextResponse("")


def scope_of(path: str, method: str = "GET") -> Scope:
    return {"type": "http", "path": path, "method": method, "headers": []}


def first_by_scan(routes: list[BaseRoute], scope: Scope) -> BaseRoute | None:
    partial = None
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route
        if match is Match.PARTIAL and partial is None:
            partial = route
    return partial


def found_by(router: Router, scope: Scope) -> BaseRoute | None:
    return router._find(scope, scope["path"])[0]


def random_template(rng: random.Random) -> str:
    names = iter("abcdefgh")
    parts = [
        re.sub(r"\{\w+", lambda _: "{" + next(names), rng.choice(SEGMENTS)) for _ in range(rng.randint(1, 4))
    ]
    return "/" + "/".join(parts)


def random_path(rng: random.Random) -> str:
    parts = ["a", "b", "me", "7", "1.5", "pre-z", "z.json", "", "z\n"]
    return "/" + "/".join(rng.choice(parts) for _ in range(rng.randint(1, 5)))


@pytest.mark.parametrize("seed", range(30))
def test_same_route_as_a_scan(seed: int) -> None:
    rng = random.Random(seed)
    routes: list[BaseRoute] = []
    for _ in range(40):
        template = random_template(rng)
        if rng.random() < 0.2:
            routes.append(Mount(template, app=PlainTextResponse("mounted")))
        else:
            routes.append(Route(template, endpoint, methods=rng.choice([["GET"], ["POST"]])))
    router = Router(routes)
    for _ in range(300):
        scope = scope_of(random_path(rng))
        assert found_by(router, scope) is first_by_scan(routes, scope), scope["path"]


def test_declaration_order_decides_between_static_and_parameterised() -> None:
    parameterised, static = Route("/users/{id}", endpoint), Route("/users/me", endpoint)
    assert found_by(Router([parameterised, static]), scope_of("/users/me")) is parameterised
    assert found_by(Router([static, parameterised]), scope_of("/users/me")) is static


def test_lookup_asks_few_of_many_routes() -> None:
    asked: list[str] = []

    class CountingRoute(Route):
        def _match_path(self, path: str) -> Any:
            asked.append(self.path)
            return super()._match_path(path)

    router = Router([CountingRoute(f"/api/v1/thing{number}/{{id}}", endpoint) for number in range(2000)])
    assert found_by(router, scope_of("/api/v1/thing1999/5")) is router.routes[1999]
    assert asked == ["/api/v1/thing1999/{id}"]


def test_route_that_overrides_matches_and_vouches_for_its_shape_is_asked_less() -> None:
    class Vouching(Route):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            raise AssertionError("asked in vain")

        path_shape = Route.path_shape

    router = Router([Vouching("/a", endpoint), Route("/b", endpoint)])
    assert found_by(router, scope_of("/b")) is router.routes[1]


def test_route_that_overrides_matches_is_asked_about_every_path_in_order() -> None:
    class Greedy(Route):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}

    first, greedy, last = Route("/a", endpoint), Greedy("/elsewhere", endpoint), Route("/b", endpoint)
    router = Router([first, greedy, last])
    assert found_by(router, scope_of("/a")) is first
    assert found_by(router, scope_of("/b")) is greedy
    assert found_by(router, scope_of("/anything/at/all")) is greedy


def changes() -> list[Any]:
    new = Route("/new", endpoint)

    def insert(routes: list[BaseRoute]) -> None:
        routes.insert(0, new)

    def set_item(routes: list[BaseRoute]) -> None:
        routes[0] = new

    def set_slice(routes: list[BaseRoute]) -> None:
        routes[:] = [new]

    def append(routes: list[BaseRoute]) -> None:
        routes.append(new)

    def extend(routes: list[BaseRoute]) -> None:
        routes.extend([new])

    def add_in_place(routes: list[BaseRoute]) -> None:
        routes += [new]

    def replace_last(routes: list[BaseRoute]) -> None:
        routes.pop()
        routes.append(new)

    def reverse(routes: list[BaseRoute]) -> None:
        routes.append(new)
        routes.reverse()

    def remove_and_append(routes: list[BaseRoute]) -> None:
        routes.remove(routes[1])
        routes.append(new)

    def clear(routes: list[BaseRoute]) -> None:
        routes.clear()
        routes.append(new)

    changes = [insert, set_item, set_slice, append, extend, add_in_place, replace_last, reverse]
    return [pytest.param(change, id=change.__name__) for change in (*changes, remove_and_append, clear)]


@pytest.mark.parametrize("as_plain_list", [False, True])
@pytest.mark.parametrize("change", changes())
def test_changes_of_the_list_are_seen_at_once(change: Any, as_plain_list: bool) -> None:
    routes: list[BaseRoute] = [Route("/a", endpoint), Route("/b", endpoint)]
    router = Router(routes)
    if as_plain_list:
        router.routes = routes
    assert found_by(router, scope_of("/new")) is None
    change(router.routes)
    for path in ("/a", "/b", "/new"):
        assert found_by(router, scope_of(path)) is first_by_scan(router.routes, scope_of(path))
    assert found_by(router, scope_of("/new")) is not None


def test_deleting_and_sorting_are_seen_at_once() -> None:
    first, second = Route("/{x}", endpoint, name="z"), Route("/a", endpoint, name="a")
    router = Router([first, second])
    assert found_by(router, scope_of("/a")) is first
    router.routes.sort(key=lambda route: getattr(route, "name", ""))
    assert found_by(router, scope_of("/a")) is second
    del router.routes[0]
    assert found_by(router, scope_of("/a")) is first
    router.routes *= 0
    assert found_by(router, scope_of("/a")) is None


def test_replaced_list_is_seen_at_once() -> None:
    router = Router([Route("/a", endpoint)])
    assert found_by(router, scope_of("/a")) is not None
    router.routes = RouteList([Route("/b", endpoint)])
    assert found_by(router, scope_of("/a")) is None
    assert found_by(router, scope_of("/b")) is not None


def test_replaced_pattern_is_heeded() -> None:
    # A known way to route without regard to case.
    route = Route("/Users/{id:int}", endpoint)
    router = Router([route])
    assert found_by(router, scope_of("/users/1")) is None
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
    assert found_by(router, scope_of("/users/1")) is route


def test_appending_does_not_index_again() -> None:
    shapes_asked = 0

    class Observed(Route):
        def path_shape(self) -> Any:
            nonlocal shapes_asked
            shapes_asked += 1
            return super().path_shape()

    routes = RouteList([Observed(f"/{number}", endpoint) for number in range(10)])
    index = RouteIndex()
    index.candidates(routes, "/1")
    routes.append(Observed("/new", endpoint))
    assert [getattr(route, "path", "") for route in index.candidates(routes, "/new")] == ["/new"]
    assert shapes_asked == 11
