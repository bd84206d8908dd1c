"""Cheap detection of changes that make a `RouteIndex` stale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

if TYPE_CHECKING:
    from fastrapi._routing.base import BaseRoute


class PatternRevision:
    """Counts how often, in the whole process, the pattern of an existing route was replaced.

    Replacing `route.path_regex` is a known way to route without regard to case. It is rare, so one
    counter for all routers is enough.
    """

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


pattern_revision = PatternRevision()


class RouteList(list["BaseRoute"]):
    """A list of routes that counts its changes, except for those that only make it longer at the end."""

    __slots__ = ("revision",)

    def __init__(self, routes: Iterable[BaseRoute] = ()) -> None:
        super().__init__(routes)
        self.revision = 0

    def __setitem__(self, key: Any, value: Any) -> None:
        self.revision += 1
        super().__setitem__(key, value)

    def __delitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> None:
        self.revision += 1
        super().__delitem__(key)

    def __imul__(self, value: SupportsIndex) -> RouteList:
        self.revision += 1
        super().__imul__(value)
        return self

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        self.revision += 1
        super().insert(index, route)

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        self.revision += 1
        return super().pop(index)

    def remove(self, route: BaseRoute) -> None:
        self.revision += 1
        super().remove(route)

    def clear(self) -> None:
        self.revision += 1
        super().clear()

    def sort(self, **kwargs: Any) -> None:
        self.revision += 1
        super().sort(**kwargs)

    def reverse(self) -> None:
        self.revision += 1
        super().reverse()
