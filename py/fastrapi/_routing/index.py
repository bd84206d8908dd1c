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


def _heeds_shape(route_class: type[BaseRoute]) -> bool:
    """Whether no subclass has overridden `matches` without saying what becomes of the shape."""
    for cls in route_class.__mro__:
        if "path_shape" in vars(cls):
            return True
        if "matches" in vars(cls):
            return False
    return False


class RouteIndex:
    """An index of one list of routes; `candidates` brings it up to date first.

    The candidates are a superset of the routes that match: each is still asked by `matches`.
    """

    __slots__ = ("_patterns", "_revision", "_root", "_routes", "_size", "_snapshot")

    def __init__(self) -> None:
        self._routes: list[BaseRoute] | None = None
        self._snapshot: list[BaseRoute] = []
        self._revision = -1
        self._patterns = -1
        self._size = 0
        self._root = _Node()

    def refresh(self, routes: list[BaseRoute]) -> None:
        """Makes the index that of `routes`. Routes appended since the last time are added to it."""
        revision = routes.revision if isinstance(routes, RouteList) else -1
        appended_only = (
            routes is self._routes
            and revision == self._revision
            and pattern_revision.count == self._patterns
            and len(routes) >= self._size
            # A plain list does not count its changes: compare, by identity first, what is indexed.
            and (revision >= 0 or routes[: self._size] == self._snapshot)
        )
        if not appended_only:
            self._root = _Node()
            self._size = 0
        for position in range(self._size, len(routes)):
            self._add(position, routes[position])
        self._routes, self._revision, self._size = routes, revision, len(routes)
        self._patterns = pattern_revision.count
        self._snapshot = [] if revision >= 0 else list(routes)

    def _add(self, position: int, route: BaseRoute) -> None:
        shape = (route.path_shape() if _heeds_shape(type(route)) else None) or _UNKNOWN
        node = self._root
        for segment in shape.segments:
            node = node.child(segment)
        (node.open if shape.is_open else node.complete).append((position, route))

    def candidates(self, routes: list[BaseRoute], path: str) -> list[BaseRoute]:
        """The routes of the list that can match `path`, in the list's order."""
        if (
            routes is not self._routes
            or len(routes) != self._size
            or pattern_revision.count != self._patterns
            or (routes.revision if isinstance(routes, RouteList) else -2) != self._revision
        ):
            self.refresh(routes)
        nodes = [self._root]
        found = list(self._root.open)
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
        found.sort(key=_position)
        return [route for _, route in found]


def _position(entry: tuple[int, BaseRoute]) -> int:
    return entry[0]
