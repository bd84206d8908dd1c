"""The files of a built frontend: served like static files, with an answer for the paths of its router."""

from __future__ import annotations

import os
import stat
import sys
import warnings
from pathlib import Path
from typing import Literal

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.datastructures import URL, Headers
from fastrapi.responses import FileResponse, RedirectResponse, Response
from fastrapi.staticfiles import StaticFiles
from fastrapi.types import Scope

Fallback = Literal["auto", "index.html", "404.html"] | None
CheckDir = bool | Literal["auto"]

_PAGES = ("text/html", "application/xhtml+xml")


def normalize_frontend_path(path: str) -> str:
    """The path of a frontend without its trailing slash.

    Raises:
        AssertionError: it is empty or does not start with a slash.
    """
    assert path, "A frontend path cannot be empty"
    assert path.startswith("/"), "A frontend path must start with '/'"
    if path == "/":
        return path
    normalized = path.rstrip("/")
    assert normalized, "A frontend path cannot be empty"
    return normalized


def is_navigation(headers: Headers) -> bool:
    """Whether the client asks for a page, by naming a type for pages (RFC 9110, section 12.5.1).

    Browsers do so when they navigate. A wildcard is not enough: they send it for scripts and images.
    """
    for entry in headers.get("accept", "").split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        if media_type in _PAGES and not any(_refuses(parameter) for parameter in parameters):
            return True
    return False


def _refuses(parameter: str) -> bool:
    """Whether a parameter is a weight of zero; one that is no number is ignored."""
    name, _, value = parameter.partition("=")
    try:
        return name.strip() == "q" and float(value) <= 0
    except ValueError:
        return False


def _relative(path: str) -> str:
    """A path of the file system below a directory, from the path of a URL."""
    return os.path.normpath(os.path.join("", *path.split("/")))


def _level_of_application() -> int:
    """The stack level, for the caller, of the first frame that is not of this package."""
    package = __name__.partition(".")[0]
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").partition(".")[0] == package:
        level += 1
    return level


class FrontendFiles(StaticFiles):
    """Serves a directory with a frontend's build.

    Args:
        directory: the directory.
        fallback: the page for paths without a file. `index.html` is for a frontend that routes in
            the browser, and is sent to navigation only, with status 200; `404.html` is sent
            with status 404; `auto` takes what there is, `404.html` first; `None` is an ordinary 404.
        check_dir: whether a missing directory or fallback is an error now. `auto` is `True`,
            except that with `FASTAPI_ENV=development` a missing directory is a warning and a missing
            fallback is nothing, since the frontend may not have been built yet.

    Raises:
        RuntimeError: the directory or the fallback does not exist.
        AssertionError: the fallback is none of the above.
    """

    def __init__(self, *, directory: str | os.PathLike[str], fallback: Fallback, check_dir: CheckDir) -> None:
        assert fallback in ("auto", "index.html", "404.html", None), (
            "fallback must be 'auto', 'index.html', '404.html', or None"
        )
        self.fallback = fallback
        self._given_directory = os.fspath(directory)
        if check_dir:
            self._check(tolerant=check_dir == "auto")
        super().__init__(directory=directory, check_dir=False)

    def _check(self, *, tolerant: bool) -> None:
        directory = self._given_directory
        # The build that is not there yet may bring the fallback.
        tolerant = tolerant and os.environ.get("FASTAPI_ENV") == "development"
        if not os.path.isdir(directory):
            message = (
                f"Frontend directory {directory!r} does not exist. "
                f"Resolved absolute path: {str(Path(directory).absolute())!r}"
            )
            if not tolerant:
                raise RuntimeError(message)
            warnings.warn(message, UserWarning, stacklevel=_level_of_application())
        elif (
            not tolerant
            and self.fallback not in ("auto", None)
            and not Path(directory, self.fallback).is_file()
        ):
            raise RuntimeError(self._missing_fallback())

    def _missing_fallback(self) -> str:
        return (
            f"Frontend fallback file {self.fallback!r} does not exist in directory "
            f"{self._given_directory!r}. Resolved absolute directory: "
            f"{str(Path(self._given_directory).absolute())!r}"
        )

    async def respond(self, path: str, scope: Scope) -> Response:
        """The answer to a request for a path below the frontend.

        Args:
            path: the path, without the frontend's own.
            scope: the ASGI scope of the request.

        Raises:
            HTTPException: 404, or 405 for another method on a file that exists.
            RuntimeError: the directory, or the fallback that was asked for, does not exist.
        """
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        return await self.get_response(_relative(path), scope)

    async def get_response(self, path: str, scope: Scope) -> Response:
        file_path, file_stat = await self._look_up(path)
        is_index = file_stat is not None and stat.S_ISDIR(file_stat.st_mode)
        if is_index:
            file_path, file_stat = await self._look_up(os.path.join(path, "index.html"))
        is_file = file_stat is not None and stat.S_ISREG(file_stat.st_mode)
        if scope["method"] not in ("GET", "HEAD"):
            # The fallback stands for pages, which can only be read.
            raise HTTPException(405, headers={"Allow": "GET, HEAD"}) if is_file else HTTPException(404)
        if not is_file:
            return await self._fall_back(scope)
        assert file_stat is not None
        if is_index and not scope["path"].endswith("/"):
            # Relative links in the page have to lead below the directory.
            url = URL(scope=scope)
            return RedirectResponse(url=url.replace(path=f"{url.path}/"))
        return self.file_response(file_path, file_stat, scope)

    async def _fall_back(self, scope: Scope) -> Response:
        if self.fallback in ("auto", "404.html"):
            page = await self._page("404.html")
            if page is not None:
                return FileResponse(page[0], stat_result=page[1], status_code=404)
        if self.fallback in ("auto", "index.html") and is_navigation(Headers(scope=scope)):
            page = await self._page("index.html")
            if page is not None:
                return self.file_response(page[0], page[1], scope)
        raise HTTPException(404)

    async def _page(self, name: str) -> tuple[str, os.stat_result] | None:
        page_path, page_stat = await self._look_up(name)
        if page_stat is not None and stat.S_ISREG(page_stat.st_mode):
            return page_path, page_stat
        if name == self.fallback:
            raise RuntimeError(self._missing_fallback())
        return None
