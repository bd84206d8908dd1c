"""Cheap detection of changes that make stale a `RouteIndex`, or what a server has compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

if TYPE_CHECKING:
    from fastrapi._routing.base import BaseRoute


_watchers: list[Callable[[], object]] = []
_growth_watchers: list[Callable[[], object]] = []


def watch(changed: Callable[[], object], grown: Callable[[], object]) -> None:
    """Watches what happens, in the whole process, to applications that were compiled.

    Args:
        changed: Called after every change that a compiled application does not follow: routes that are
            changed, replaced or put before others, and a middleware stack that is put in the place of
            another.
        grown: Called after routes have been appended. They answer where no route did before.
    """
    _watchers.append(changed)
    _growth_watchers.append(grown)


def report_change() -> None:
    """Calls those who watch for changes."""
    for callback in _watchers:
        callback()


def report_growth() -> None:
    """Calls those who watch for appended routes."""
    for callback in _growth_watchers:
        callback()


class PatternRevision:
    """Counts how often, in the whole process, the pattern of an existing route was replaced.

    Replacing `route.path_regex` is a known way to route without regard to case. It is rare, so one
    counter for all routers is enough.
    """

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def advance(self) -> None:
        """Counts a replacement."""
        self.count += 1
        report_change()


pattern_revision = PatternRevision()


class RouteList(list["BaseRoute"]):
    """A list of routes that counts its changes, except for those that only make it longer at the end."""

    __slots__ = ("revision",)

    def __init__(self, routes: Iterable[BaseRoute] = ()) -> None:
        super().__init__(routes)
        self.revision = 0

    def _changed(self) -> None:
        self.revision += 1
        report_change()

    def append(self, route: BaseRoute) -> None:
        super().append(route)
        report_growth()

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        super().extend(routes)
        report_growth()

    def __iadd__(self, routes: Iterable[BaseRoute]) -> RouteList:  # type: ignore[override,misc]  # as `list`'s
        super().__iadd__(routes)
        report_growth()
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> None:
        super().__delitem__(key)
        self._changed()

    def __imul__(self, value: SupportsIndex) -> RouteList:
        super().__imul__(value)
        self._changed()
        return self

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        super().insert(index, route)
        self._changed()

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        route = super().pop(index)
        self._changed()
        return route

    def remove(self, route: BaseRoute) -> None:
        super().remove(route)
        self._changed()

    def clear(self) -> None:
        super().clear()
        self._changed()

    def sort(self, **kwargs: Any) -> None:
        super().sort(**kwargs)
        self._changed()

    def reverse(self) -> None:
        super().reverse()
        self._changed()
