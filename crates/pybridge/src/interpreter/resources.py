"""`importlib.resources` and `importlib.metadata` for what the archive holds.

Imported when one of them asks.
"""

import importlib.metadata
import io
import re
from collections.abc import Iterator
from importlib.resources.abc import TraversableResources
from typing import IO, Any

import _fastrapi_carried
from _fastrapi_importer import ROOT, _name, _read


class CarriedPath:
    """A file or directory of the archive, with the methods of `importlib.resources.abc.Traversable`."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return self._path.rpartition("/")[2]

    def __str__(self) -> str:
        return ROOT + self._path

    def __repr__(self) -> str:
        return f"CarriedPath({self._path!r})"

    def is_file(self) -> bool:
        return _fastrapi_carried.exists(self._path)

    def is_dir(self) -> bool:
        return bool(_fastrapi_carried.list(self._path))

    def iterdir(self) -> Iterator["CarriedPath"]:
        for name in _fastrapi_carried.list(self._path):
            yield CarriedPath(f"{self._path}/{name.rstrip('/')}")

    def joinpath(self, *parts: str) -> "CarriedPath":
        names = [name for part in parts for name in part.split("/") if name not in ("", ".")]
        if ".." in names:
            raise ValueError(f"a path in the archive cannot go up: {'/'.join(names)}")
        return CarriedPath("/".join([self._path, *names]))

    __truediv__ = joinpath

    def read_bytes(self) -> bytes:
        return _read(self._path)

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        stream = io.BytesIO(self.read_bytes())
        return stream if "b" in mode else io.TextIOWrapper(stream, *args, **kwargs)


class CarriedResources(TraversableResources):
    """The resource reader of a package."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def files(self) -> Any:
        return CarriedPath(self._directory)


class CarriedDistribution(importlib.metadata.Distribution):
    """A distribution whose metadata directory is in the archive."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    @property
    def _normalized_name(self) -> str:
        # As for distributions on disk: else whoever looks for entry points would parse the metadata of all.
        directory = self._directory.rpartition("/")[2]
        return _normalized(directory.partition("-")[0]).replace("-", "_")

    def read_text(self, filename: Any) -> str | None:
        name = f"{self._directory}/{filename}"
        return _read(name).decode("utf-8") if _fastrapi_carried.exists(name) else None

    def locate_file(self, path: Any) -> Any:
        return CarriedPath(self._directory.rpartition("/")[0]) / str(path)


def distributions(context: Any) -> Iterator[CarriedDistribution]:
    """The distributions below `context.path` whose name is `context.name`, or all of them."""
    wanted = None if context.name is None else _normalized(context.name)
    for directory in filter(None, map(_name, context.path)):
        for child in _fastrapi_carried.list(directory):
            distribution, _, kind = child.rpartition(".")
            if kind == "dist-info/" and wanted in (None, _normalized(distribution.partition("-")[0])):
                yield CarriedDistribution(f"{directory}/{child[:-1]}")


def _normalized(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()
