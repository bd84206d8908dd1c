"""Serving the files of a directory."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import stat
from email.utils import parsedate_tz
from pathlib import Path

import anyio.to_thread

from fastrapi._datastructures.headers import Headers
from fastrapi._datastructures.url import URL
from fastrapi._utils import get_route_path
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.responses import FileResponse, RedirectResponse, Response
from fastrapi.types import Receive, Scope, Send
from fastrapi.websockets import WebSocketClose

__all__ = ["NotModifiedResponse", "StaticFiles"]

PathLike = str | os.PathLike[str]

# RFC 9110, section 8.8.3. A comma may be part of an entity tag.
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')

# What the operating system says of a path that names no file.
_NO_SUCH_FILE = frozenset({errno.ENAMETOOLONG, errno.ELOOP})


class NotModifiedResponse(Response):
    """The answer to a client whose copy is still good.

    Args:
        headers: The headers that the whole answer would have; those that a 304 carries are taken.
    """

    NOT_MODIFIED_HEADERS = ("cache-control", "content-location", "date", "etag", "expires", "vary")
    """RFC 9110, section 15.4.5."""

    def __init__(self, headers: Headers) -> None:
        kept = {name: value for name, value in headers.items() if name in self.NOT_MODIFIED_HEADERS}
        super().__init__(status_code=304, headers=kept)


def _seconds(date: str | None) -> tuple[int, ...] | None:
    """An HTTP date in a form that can be compared; `None` if it is none."""
    parsed = parsedate_tz(date) if date else None
    return None if parsed is None else tuple(parsed[:6])


class StaticFiles:
    """An ASGI application that serves files.

    Args:
        directory: The directory.
        packages: Python packages whose directory "statics" is served as well, or pairs of a package
            and the name of the directory in it. `directory` comes first.
        html: Serve "index.html" for directories, and "404.html" for what does not exist.
        check_dir: Fail now if `directory` does not exist.
        follow_symlink: Serve what symbolic links in the directory point to, even outside of it.

    Raises:
        RuntimeError: The directory does not exist.
    """

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: list[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
    ) -> None:
        self.directory = directory
        self.packages = packages
        self.all_directories = self.get_directories(directory, packages)
        self.html = html
        self.config_checked = False
        self.follow_symlink = follow_symlink
        if check_dir and directory is not None and not os.path.isdir(directory):
            raise RuntimeError(f"Directory '{directory}' does not exist")

    def get_directories(
        self,
        directory: PathLike | None = None,
        packages: list[str | tuple[str, str]] | None = None,
    ) -> list[PathLike]:
        """The directories to look in, in this order."""
        directories: list[PathLike] = [] if directory is None else [directory]
        for package in packages or []:
            name, statics = (package, "statics") if isinstance(package, str) else package
            spec = importlib.util.find_spec(name)
            origin = None if spec is None else spec.origin
            assert origin is not None, f"Package {name!r} could not be found."
            path = Path(origin).parent / statics
            assert path.is_dir(), f"Directory '{statics!r}' in package {name!r} could not be found."
            directories.append(str(path))
        return directories

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        response = await self.get_response(self.get_path(scope), scope)
        await response(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """The path to serve, relative to the directory and without "." and ".." where they cancel out."""
        return os.path.normpath(os.path.join(*get_route_path(scope).split("/")))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The response for a path that `get_path` gave.

        Raises:
            HTTPException: There is no such file, it may not be read, or the method is not GET or HEAD.
        """
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(status_code=405, headers={"Allow": "GET, HEAD"})
        full_path, stat_result = await self._look_up(path)
        is_file = stat_result is not None and stat.S_ISREG(stat_result.st_mode)
        if stat_result is not None and is_file and not self._asks_for_directory(path, scope):
            return self.file_response(full_path, stat_result, scope)
        if self.html and stat_result is not None and stat.S_ISDIR(stat_result.st_mode):
            index_path, index_stat = await self._look_up(os.path.join(path, "index.html"))
            if index_stat is not None and stat.S_ISREG(index_stat.st_mode):
                if not scope["path"].endswith("/"):
                    # So that relative links in the page mean the same as for a server of files.
                    url = URL(scope=scope)
                    return RedirectResponse(url=url.replace(path=f"{url.path}/"))
                return self.file_response(index_path, index_stat, scope)
        if self.html:
            page_path, page_stat = await self._look_up("404.html")
            if page_stat is not None and stat.S_ISREG(page_stat.st_mode):
                return FileResponse(page_path, stat_result=page_stat, status_code=404)
        raise HTTPException(status_code=404)

    def _asks_for_directory(self, path: str, scope: Scope) -> bool:
        """Whether the URL ends with a slash, which `get_path` drops; not if `path` is another one."""
        requested: str = scope.get("path", "")
        return requested.endswith("/") and path == self.get_path(scope)

    async def _look_up(self, path: str) -> tuple[str, os.stat_result | None]:
        try:
            return await anyio.to_thread.run_sync(self.lookup_path, path)
        except PermissionError:
            raise HTTPException(status_code=401) from None
        except ValueError:
            # A NUL, or a character that the file system's encoding does not have.
            raise HTTPException(status_code=404) from None
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                raise HTTPException(status_code=404) from None
            raise

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The full path and `os.stat()` of a file or directory; an empty path and `None` if there is none.

        Blocks, and raises what the operating system says if it is not that the path does not exist.
        """
        # Joining an absolute path would leave the directory.
        if os.path.isabs(path) or path.startswith("\\"):
            return "", None
        for directory in self.all_directories:
            joined = os.path.join(directory, path)
            if self.follow_symlink:
                full_path, root = os.path.abspath(joined), os.path.abspath(directory)
            else:
                full_path, root = os.path.realpath(joined), os.path.realpath(directory)
            if os.path.commonpath([full_path, root]) != str(root):
                continue
            try:
                stat_result = os.stat(full_path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if not os.access(full_path, os.R_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), full_path)
            return full_path, stat_result
        return "", None

    def file_response(
        self,
        full_path: PathLike,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The response that sends a file, or says that the client's copy is good."""
        response = FileResponse(full_path, status_code=status_code, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    async def check_config(self) -> None:
        """Checks the directory; runs once, with the first request.

        Raises:
            RuntimeError: The directory does not exist or is none.
        """
        if self.directory is None:
            return
        try:
            stat_result = await anyio.to_thread.run_sync(os.stat, self.directory)
        except FileNotFoundError:
            raise RuntimeError(f"StaticFiles directory '{self.directory}' does not exist.") from None
        if not stat.S_ISDIR(stat_result.st_mode):
            raise RuntimeError(f"StaticFiles path '{self.directory}' is not a directory.")

    def is_not_modified(self, response_headers: Headers, request_headers: Headers) -> bool:
        """Whether the client has this version (RFC 9110, section 13.2.2)."""
        if "if-none-match" in request_headers:
            listed = ",".join(request_headers.getlist("if-none-match"))
            # The comparison is the weak one: both "W/" prefixes are left out.
            tag = response_headers["etag"].removeprefix("W/")
            return listed.strip(" \t") == "*" or tag in _ENTITY_TAG.findall(listed)
        since = _seconds(request_headers.get("if-modified-since"))
        modified = _seconds(response_headers.get("last-modified"))
        return since is not None and modified is not None and since >= modified
