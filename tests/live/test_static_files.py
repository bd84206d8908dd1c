"""Mounted directories: the server's answers are those of the application."""

import os
import socket
import time
from pathlib import Path

import pytest
from server_process import PATIENCE, Server, StartServer

APPLICATION = """
from pathlib import Path
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
app = FastAPI()
files = Path(__file__).parent / "files"

class InPython(StaticFiles):
    pass

app.mount("/direct", StaticFiles(directory=files))
app.mount("/general", InPython(directory=files))
app.mount("/direct-follow", StaticFiles(directory=files, follow_symlink=True))
app.mount("/general-follow", InPython(directory=files, follow_symlink=True))
"""

SETTLED = 5.0
"""Seconds after which the server may keep a file in memory."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    (files / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (files / "small.txt").write_text("0123456789" * 10)
    (files / "sub" / "page.html").write_text("<p>page</p>")
    (files / "archive.tar.gz").write_bytes(b"\x1f\x8b")
    (files / "no-extension").write_text("plain")
    (files / ".hidden").write_text("hidden")
    (files / "two words ü.css").write_text("p {}")
    (files / "empty.json").write_text("")
    (files / "large.bin").write_bytes(bytes(range(256)) * 8192)
    (files / "inside.html").symlink_to("small.txt")
    (files / "outside.txt").symlink_to(tmp_path / "secret.txt")
    (files / "locked.txt").write_text("locked")
    (files / "locked.txt").chmod(0)
    os.mkfifo(files / "pipe")
    return files


@pytest.fixture
def server(start_server: StartServer, files: Path) -> Server:
    return start_server(APPLICATION)


def answer(server: Server, method: str, target: str, headers: dict[str, str]) -> bytes:
    """Everything that comes back, except for the date."""
    lines = [f"{method} {target} HTTP/1.1", "host: x", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


PATHS = [
    "small.txt",
    "sub/page.html",
    "archive.tar.gz",
    "no-extension",
    ".hidden",
    "two%20words%20%C3%BC.css",
    "empty.json",
    "large.bin",
    "inside.html",
    "outside.txt",
    "locked.txt",
    "pipe",
    "sub",
    "sub/",
    "",
    "missing",
    "small.txt/",
    "small.txt/x",
    "%2e%2e/secret.txt",
    "sub/%2e%2e/small.txt",
    "sub%2Fpage.html",
    "..%2fsecret.txt",
    "sub//page.html",
    "./small.txt",
    "small.txt%00",
    "small.txt%0a",
    "%ff",
    "sub%5cpage.html",
    "a" * 300,
]


@pytest.mark.parametrize("kind", ["", "-follow"])
def test_paths(server: Server, kind: str) -> None:
    # Again after a while: the first files are looked up in another thread, and none is in memory.
    for pause in (0, SETTLED):
        time.sleep(pause)
        for path in PATHS:
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                expected = answer(server, method, f"/general{kind}/{path}", {})
                assert answer(server, method, f"/direct{kind}/{path}", {}) == expected, (method, path)


def conditions(etag: str, modified: str) -> list[dict[str, str]]:
    tags = [etag, f"W/{etag}", f'"x", {etag}', '"x"', "*", etag.strip('"'), ""]
    dates = [
        modified,
        "Fri, 01 Jan 2100 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Friday, 01-Jan-99 00:00:00 GMT",
        "x",
    ]
    ranges = [
        "bytes=0-9",
        "bytes=90-",
        "bytes=-10",
        "bytes=-1000",
        "bytes=0-1000",
        "bytes=100-",
        "bytes=-0",
        "bytes=9-1",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes",
        "BYTES=0-1",
        "bytes= 0 - 1",
    ]
    return [
        *({"if-none-match": tag} for tag in tags),
        *({"if-modified-since": date} for date in dates),
        *({"if-none-match": '"x"', "if-modified-since": date} for date in dates),
        *({"range": text} for text in ranges if "," not in text),
        *({"range": "bytes=0-1", "if-range": value} for value in [*tags, *dates]),
        {"range": "bytes=0-1", "if-none-match": etag},
    ]


def test_conditions_and_ranges(server: Server) -> None:
    for path in ("small.txt", "empty.json", "large.bin"):
        described = server.get(f"/general/{path}").headers
        for headers in conditions(described["etag"], described["last-modified"]):
            for method in ("GET", "HEAD"):
                expected = answer(server, method, f"/general/{path}", headers)
                assert answer(server, method, f"/direct/{path}", headers) == expected, (path, headers)


def test_several_ranges(server: Server) -> None:
    response = server.get("/direct/small.txt", headers={"range": "bytes=0-1,5-6"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges")
    assert response.text.count("Content-Range: bytes") == 2


def test_the_routes_are_on_their_lanes(server: Server) -> None:
    assert server.wait_for(r"(\d+) on the direct lane")[1] == "2"


def test_every_change_shows_at_once(server: Server, files: Path) -> None:
    path = files / "changing.txt"
    path.write_text("first")
    time.sleep(SETTLED)
    for _ in range(20):
        assert server.get("/direct/changing.txt").text == "first"
    before = path.stat()
    path.write_text("other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert server.get("/direct/changing.txt").text == "other"
    path.unlink()
    assert server.get("/direct/changing.txt").status_code == 404
    path.symlink_to(files.parent / "secret.txt")
    assert server.get("/direct/changing.txt").status_code == 404
    assert server.get("/direct-follow/changing.txt").text == "secret"
