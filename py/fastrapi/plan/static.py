"""Mounted directories that a server may serve by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastrapi._routing.mount import Mount
from fastrapi.compat.starlette.routing import BaseRoute
from fastrapi.plan.model import StaticPlan, Unplannable
from fastrapi.responses import FileResponse
from fastrapi.routing.effective import EffectiveForeignRoute

if TYPE_CHECKING:
    from fastrapi.staticfiles import StaticFiles


def static_plan(route: BaseRoute) -> StaticPlan | None:
    """The plan of a mounted `StaticFiles`; `None` for other routes.

    Raises:
        Unplannable: It is one that a server cannot serve as the application would.
    """
    mount = route
    if isinstance(route, EffectiveForeignRoute) and route.max_body_size is None:
        mount = route.starlette_route
    if type(mount) is not Mount:
        return None
    # Not needed by applications without mounts.
    from fastrapi.staticfiles import StaticFiles

    # Middleware and limits of the mount stand around its application, and a subclass may answer otherwise.
    files = mount.app
    if type(files) is not StaticFiles or _is_altered(mount) or _is_altered(files):
        return None
    if mount.param_convertors.keys() != {"path"}:
        raise Unplannable("static files below a path parameter")
    return StaticPlan(
        path=f"{mount.path}/{{path:path}}",
        name=mount.name or "",
        directory=_only_directory(files),
        follow_symlink=files.follow_symlink,
        content_type=_content_type,
    )


def _is_altered(instance: object) -> bool:
    """Whether methods of the class have been replaced for this instance."""
    return bool(vars(instance).keys() & vars(type(instance)).keys())


def _only_directory(files: StaticFiles) -> str:
    if files.html:
        raise Unplannable("static files with html=True")
    if files.packages or files.directory is None:
        raise Unplannable("static files of packages")
    directory = os.fspath(files.directory)
    if not isinstance(directory, str):
        raise Unplannable("a directory whose name is bytes")
    return directory


def _content_type(path: str) -> str:
    value: str = FileResponse(path).headers["content-type"]
    return value
