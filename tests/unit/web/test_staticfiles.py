from __future__ import annotations

import os
from pathlib import Path

import pytest

from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.responses import Response
from fastrapi.staticfiles import StaticFiles
from fastrapi.types import Scope

from .conftest import Call, body_of, headers_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "static"
    (directory / "sub").mkdir(parents=True)
    (directory / "a.txt").write_text("a")
    (directory / "sub" / "index.html").write_text("index")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "static_not").mkdir()
    (tmp_path / "static_not" / "secret.txt").write_text("secret")
    return directory


async def status_of(call: Call, app: StaticFiles, path: str) -> int:
    try:
        sent = await call(app, path=path)
    except HTTPException as error:
        return error.status_code
    return int(sent[0]["status"])


async def test_files_are_served(call: Call, directory: Path) -> None:
    app = StaticFiles(directory=directory)
    for path in ("/a.txt", "//a.txt", "/sub/../a.txt", "/./a.txt"):
        assert body_of(await call(app, path=path)) == b"a"


@pytest.mark.parametrize(
    "path",
    [
        "/missing",
        "/",
        "/sub",
        "/a.txt/",
        "/a.txt/b",
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/../static_not/secret.txt",
        "/..\\secret.txt",
        "/\\..\\secret.txt",
        "/%2e%2e/secret.txt",
        "//etc/passwd",
        "/a.txt\0",
        "/" + "x" * 5000,
        "/\ud800",
    ],
)
@pytest.mark.parametrize("follow_symlink", [False, True])
async def test_what_is_not_in_the_directory(
    call: Call, directory: Path, path: str, follow_symlink: bool
) -> None:
    app = StaticFiles(directory=directory, follow_symlink=follow_symlink)
    assert await status_of(call, app, path) == 404


async def test_a_subclass_can_fall_back_to_a_page(call: Call, directory: Path) -> None:
    class Fallback(StaticFiles):
        async def get_response(self, path: str, scope: Scope) -> Response:
            try:
                return await super().get_response(path, scope)
            except HTTPException:
                return await super().get_response("sub/index.html", scope)

    for path in ("/some/page", "/some/page/", "/a.txt/"):
        assert body_of(await call(Fallback(directory=directory), path=path)) == b"index"


async def test_symbolic_links(call: Call, directory: Path) -> None:
    (directory / "out.txt").symlink_to(directory.parent / "secret.txt")
    (directory / "out").symlink_to(directory.parent / "static_not")
    (directory / "in.txt").symlink_to(directory / "a.txt")
    (directory / "loop").symlink_to(directory / "loop")
    app = StaticFiles(directory=directory)
    paths = ("/in.txt", "/out.txt", "/out/secret.txt", "/loop")
    assert [await status_of(call, app, path) for path in paths] == [200, 404, 404, 404]
    following = StaticFiles(directory=directory, follow_symlink=True)
    assert [await status_of(call, following, path) for path in paths] == [200, 200, 200, 404]


async def test_a_directory_that_is_a_link_itself(call: Call, directory: Path) -> None:
    link = directory.parent / "link"
    link.symlink_to(directory)
    for follow_symlink in (False, True):
        app = StaticFiles(directory=link, follow_symlink=follow_symlink)
        assert await status_of(call, app, "/a.txt") == 200


async def test_pipes_are_not_opened(call: Call, directory: Path) -> None:
    os.mkfifo(directory / "fifo")
    assert await status_of(call, StaticFiles(directory=directory), "/fifo") == 404


async def test_other_methods(call: Call, directory: Path) -> None:
    with pytest.raises(HTTPException) as caught:
        await call(StaticFiles(directory=directory), method="POST", path="/a.txt")
    assert caught.value.status_code == 405
    assert caught.value.headers == {"Allow": "GET, HEAD"}


async def test_unreadable_files(call: Call, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert await status_of(call, StaticFiles(directory=directory), "/a.txt") == 401


async def test_html_mode(call: Call, directory: Path) -> None:
    app = StaticFiles(directory=directory, html=True)
    host = [(b"host", b"h")]
    assert body_of(await call(app, path="/sub/")) == b"index"
    redirect = await call(app, path="/sub", query_string=b"a=1", headers=host)
    assert redirect[0]["status"] == 307
    assert headers_of(redirect)["location"] == "http://h/sub/?a=1"
    assert await status_of(call, app, "/missing") == 404
    (directory / "404.html").write_text("custom")
    sent = await call(app, path="/missing", headers=[(b"if-none-match", b"*")])
    assert (sent[0]["status"], body_of(sent)) == (404, b"custom")


async def test_not_modified(call: Call, directory: Path) -> None:
    app = StaticFiles(directory=directory)
    headers = headers_of(await call(app, path="/a.txt"))
    etag, modified = headers["etag"].encode(), headers["last-modified"].encode()
    for request, status in [
        ([(b"if-none-match", etag)], 304),
        ([(b"if-none-match", b'"x,", W/' + etag)], 304),
        ([(b"if-none-match", b'"x"'), (b"if-none-match", etag)], 304),
        ([(b"if-none-match", b" * ")], 304),
        ([(b"if-none-match", b'"*"'), (b"if-modified-since", modified)], 200),
        ([(b"if-modified-since", modified)], 304),
        ([(b"if-modified-since", b"Thu, 01 Jan 1970 00:00:00 GMT")], 200),
        ([(b"if-modified-since", b"no date")], 200),
    ]:
        sent = await call(app, path="/a.txt", headers=request)
        assert sent[0]["status"] == status
    assert headers_of(await call(app, path="/a.txt", headers=[(b"if-none-match", etag)])) == {
        "etag": etag.decode()
    }


async def test_directories_are_checked(call: Call, directory: Path) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        StaticFiles(directory=directory / "missing")
    with pytest.raises(RuntimeError, match="does not exist"):
        await call(StaticFiles(directory=directory / "missing", check_dir=False))
    with pytest.raises(RuntimeError, match="is not a directory"):
        await call(StaticFiles(directory=directory / "a.txt", check_dir=False))


async def test_packages(call: Call) -> None:
    app = StaticFiles(packages=[("json", "")])
    assert await status_of(call, app, "/decoder.py") == 200
    with pytest.raises(AssertionError, match="Package 'no_such_package' could not be found"):
        StaticFiles(packages=["no_such_package"])
    with pytest.raises(AssertionError, match="in package 'json' could not be found"):
        StaticFiles(packages=["json"])


async def test_websockets_are_refused(call: Call, directory: Path) -> None:
    sent = await call(StaticFiles(directory=directory), type="websocket", path="/a.txt")
    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]
