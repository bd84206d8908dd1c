"""Finds the few routes that can match a path, in declaration order, among any number of routes."""

from __future__ import annotations

from fastrapi._routing.base import BaseRoute
from fastrapi._routing.paths import PathShape
from fastrapi._routing.revision import RouteList, pattern_revision


class _Node:
    """A node of the tree of path segments: the routes whose shape leads here, with their positions."""

    __slots__ = ("any_segment", "complete", "literal", "open")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.any_segment: _Node | None = None
        self.complete: list[tuple[int, BaseRoute]] = []
        self.open: list[tuple[int, BaseRoute]] = []

    def child(self, segment: str | None) -> _Node:
        if segment is not None:
            return self.literal.setdefault(segment, _Node())
        if self.any_segment is None:
            self.any_segment = _Node()
        return self.any_segment


_UNKNOWN = PathShape((), True)
_UNCOUNTED = -1
"""The revision of a plain list, which does not count its changes."""


def heeds_shape(route_class: type[BaseRoute]) -> bool:
    """Whether no subclass has overridden `matches` without saying what becomes of the shape."""
    for cls in route_class.__mro__:
        if "path_shape" in vars(cls):
            return True
        if "matches" in vars(cls):
            return False
    return False


class _Tree:
    """A tree, and what it was made of. Others see it when it is complete, since threads may share it."""

    __slots__ = ("patterns", "revision", "root", "routes", "size", "snapshot")

    def __init__(self, routes: list[BaseRoute], revision: int, patterns: int) -> None:
        self.root = _Node()
        self.routes = routes
        self.revision = revision
        self.patterns = patterns
        self.size = 0
        self.snapshot: list[BaseRoute] = []

    def add_new(self, size: int) -> None:
        """Adds the routes behind those that are in it, up to the `size`-th."""
        for position in range(self.size, size):
            route = self.routes[position]
            shape = (route.path_shape() if heeds_shape(type(route)) else None) or _UNKNOWN
            node = self.root
            for segment in shape.segments:
                node = node.child(segment)
            (node.open if shape.is_open else node.complete).append((position, route))
        if self.revision == _UNCOUNTED:
            self.snapshot = self.routes[:size]
        self.size = size

    def is_of(self, routes: list[BaseRoute], revision: int) -> bool:
        """Whether it is of this list, but for routes appended since."""
        return (
            routes is self.routes
            and revision == self.revision
            and pattern_revision.count == self.patterns
            and len(routes) >= self.size
            # A plain list does not count its changes: compare, by identity first, what is in the tree.
            and (revision != _UNCOUNTED or routes[: self.size] == self.snapshot)
        )


class RouteIndex:
    """An index of one list of routes; `candidates` brings it up to date first.

    The candidates are a superset of the routes that match: each is still asked by `matches`.
    """

    __slots__ = ("_tree",)

    def __init__(self) -> None:
        self._tree = _Tree([], 0, -1)

    def refresh(self, routes: list[BaseRoute]) -> None:
        """Makes the index that of `routes`. Routes appended since the last time are added to it."""
        revision = routes.revision if isinstance(routes, RouteList) else _UNCOUNTED
        tree = self._tree
        if not tree.is_of(routes, revision):
            tree = _Tree(routes, revision, pattern_revision.count)
        tree.add_new(len(routes))
        self._tree = tree

    def candidates(self, routes: list[BaseRoute], path: str) -> list[BaseRoute]:
        """The routes of the list that can match `path`, in the list's order."""
        tree = self._tree
        if (
            routes is not tree.routes
            or len(routes) != tree.size
            or pattern_revision.count != tree.patterns
            or not isinstance(routes, RouteList)
            or routes.revision != tree.revision
        ):
            self.refresh(routes)
        return self._lookup(path)

    def _lookup(self, path: str) -> list[BaseRoute]:
        root = self._tree.root
        nodes = [root]
        found = list(root.open)
        for segment in path.split("/")[1:]:
            reached: list[_Node] = []
            for node in nodes:
                literal = node.literal.get(segment)
                if literal is not None:
                    reached.append(literal)
                    found += literal.open
                any_segment = node.any_segment
                if any_segment is not None:
                    reached.append(any_segment)
                    found += any_segment.open
            nodes = reached
            if not nodes:
                break
        for node in nodes:
            found += node.complete
        if len(found) > 1:
            found.sort(key=_position)
        return [route for _, route in found]


def _position(entry: tuple[int, BaseRoute]) -> int:
    return entry[0]
