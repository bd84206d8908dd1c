"""Any ASGI application over HTTP, on the general lane."""

import json
import re
import socket
from textwrap import dedent, indent

import httpx
import pytest
from server_process import PATIENCE, StartServer

HEAD = """
import asyncio, json

def start(status=200, *headers):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}

def body(data=b"", more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}
"""


def application(code: str) -> str:
    lines = indent(dedent(code), "    ")
    return f"{HEAD}\nasync def app(scope, receive, send):\n    assert scope['type'] == 'http'\n{lines}"


ECHO = application("""
data, chunks = b"", 0
while True:
    message = await receive()
    data += message["body"]
    chunks += 1
    if not message["more_body"]:
        break
await send(start(200, (b"content-length", str(len(data)).encode())))
await send(body(data))
""")


def test_the_scope_is_that_of_the_specification(start_server: StartServer) -> None:
    server = start_server(
        application("""
        seen = {name: scope[name] for name in scope if name not in ("headers", "raw_path", "query_string")}
        seen["headers"] = [[name.decode(), value.decode()] for name, value in scope["headers"]]
        seen["raw_path"], seen["query_string"] = scope["raw_path"].decode(), scope["query_string"].decode()
        await send(start())
        await send(body(json.dumps(seen).encode()))
        """)
    )
    sent = [("X-Twice", "1"), ("x-twice", "2")]
    seen = server.get("/a%20b/%C3%A9?q=%20x", headers=sent).json()
    assert seen["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert (seen["type"], seen["scheme"]) == ("http", "http")
    assert (seen["method"], seen["http_version"]) == ("GET", "1.1")
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/a b/é", "/a%20b/%C3%A9", "q=%20x")
    assert [pair for pair in seen["headers"] if pair[0] == "x-twice"] == [["x-twice", "1"], ["x-twice", "2"]]
    assert seen["server"] == ["127.0.0.1", server.port]
    assert seen["client"][0] == "127.0.0.1"
    assert seen["root_path"] == ""


def test_the_root_path_is_a_part_of_the_path(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await send(start())
        await send(body(json.dumps([scope["root_path"], scope["path"], scope["raw_path"].decode()]).encode()))
        """),
        "--root-path",
        "/api",
    )
    assert server.get("/x").json() == ["/api", "/api/x", "/api/x"]


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_bodies_arrive_whole(start_server: StartServer, size: int) -> None:
    server = start_server(ECHO)
    data = bytes(range(256)) * (size // 256 + 1)
    with server.client() as client:
        assert client.post("/", content=data[:size]).content == data[:size]
        # The same without a length, in chunks.
        pieces = (data[:size][start : start + 10_000] for start in range(0, size, 10_000))
        assert client.post("/", content=pieces).content == data[:size]


def test_a_client_that_expects_100_is_told_to_go_on_only_when_the_body_is_wanted(
    start_server: StartServer,
) -> None:
    server = start_server(
        application("""
        if scope["path"] == "/refuse":
            await send(start(401))
            await send(body(b"no"))
            return
        message = await receive()
        await send(start())
        await send(body(message["body"]))
        """)
    )
    head = "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(head.format("/refuse").encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(head.format("/take").encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_head_request_gets_headers_only(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await send(start(200, (b"content-length", b"5")))
        await send(body(b"hello"))
        """)
    )
    with server.client() as client:
        response = client.head("/")
        assert (response.headers["content-length"], response.content) == ("5", b"")
        assert client.get("/").text == "hello"


def test_streams_come_in_order_and_a_slow_client_holds_the_application_back(
    start_server: StartServer,
) -> None:
    server = start_server(
        application("""
        await send(start())
        for number in range(400):
            await send(body(b"%06d" % number * 20_000, more=True))
            if number in (100, 399):
                print("sent", number, flush=True)
        await send(body())
        """)
    )
    with server.client() as client, client.stream("GET", "/") as response:
        chunks = response.iter_bytes(120_000)
        assert next(chunks)[:6] == b"000000"
        # 400 chunks of 120 kB do not fit into the buffers between the two.
        assert "sent 399" not in server.log
        rest = b"".join(chunks)
    assert len(rest) == 399 * 120_000
    assert rest[-6:] == b"000399"
    server.wait_for("sent 399")


def test_the_head_does_not_wait_for_a_late_body(start_server: StartServer) -> None:
    server = start_server(
        application("""
        if scope["path"] == "/release":
            app.released.set()
        else:
            app.released = asyncio.Event()
            await send(start(200, (b"x-early", b"1")))
            await app.released.wait()
            await send(body(b"late"))
            return
        await send(start())
        await send(body())
        """)
    )
    with server.client() as client, client.stream("GET", "/") as response:
        assert response.headers["x-early"] == "1"
        server.get("/release")
        assert response.read() == b"late"


def test_disconnects_reach_receive_and_send(start_server: StartServer) -> None:
    server = start_server(
        application("""
        assert (await receive())["type"] == "http.request"
        if scope["path"] == "/wait":
            print("waiting", flush=True)
            print("received", (await receive())["type"], flush=True)
            return
        await send(start())
        try:
            while True:
                await send(body(b"x" * 100_000, more=True))
        except OSError as error:
            print("send raised", type(error).__name__, flush=True)
            raise
        """)
    )
    for path in ("/wait", "/stream"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            if path == "/wait":
                server.wait_for("waiting")
            else:
                connection.recv(10)
    server.wait_for("received http.disconnect")
    server.wait_for("send raised ClientDisconnected")
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    "exception", ["ValueError('x')", "SystemExit(3)", "KeyboardInterrupt()", "asyncio.CancelledError()"]
)
def test_an_exception_before_the_start_is_a_500_and_logged_once(
    start_server: StartServer, exception: str
) -> None:
    server = start_server(application(f"raise {exception}"))
    with server.client() as client:
        response = client.get("/")
        assert (response.status_code, response.text) == (500, "Internal Server Error")
        assert client.get("/").status_code == 500
    assert server.stop() == 0
    assert server.log.count("Traceback (most recent call last)") == 2


def test_endless_recursion_is_a_500(start_server: StartServer) -> None:
    server = start_server(
        application("""
        def deeper():
            return deeper()
        if scope["path"] == "/deep":
            deeper()
        await send(start())
        await send(body(b"fine"))
        """)
    )
    with server.client() as client:
        assert client.get("/deep").status_code == 500
        assert client.get("/").text == "fine"


@pytest.mark.parametrize("pause", [0.05, 0.0])
@pytest.mark.parametrize("length", [None, b"1000"])
def test_a_stream_that_fails_half_way_never_looks_complete(
    start_server: StartServer, length: bytes | None, pause: float
) -> None:
    header = "" if length is None else f", (b'content-length', {length!r})"
    server = start_server(
        application(f"""
        await send(start(200{header}))
        await send(body(b"half", more=True))
        if {pause}:
            await asyncio.sleep({pause})
        raise ValueError("in the middle")
        """)
    )
    received: list[bytes] = []
    with server.client() as client, client.stream("GET", "/") as response:
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(response.iter_raw())
        assert (response.status_code, b"".join(received)) == (200, b"half")
    server.wait_for("ValueError: in the middle")


WRONG_MESSAGES = [
    ("start(99)", "99 is no status of a response"),
    ("start(100)", "100 is no status of a response"),
    ("start('200')", "TypeError"),
    ("start(200, (b'bad name', b'x'))", "invalid name"),
    ("start(200, (b'x', b'a\\r\\nb: c'))", "invalid value"),
    ("start(200, (b'content-length', b'x'))", "invalid Content-Length"),
    ("start(), start()", "'http.response.start' has been sent already"),
    ("body()", "'http.response.body' was sent before 'http.response.start'"),
    ("start(200, (b'content-length', b'1')), body(b'ab')", "longer than its Content-Length"),
    ("start(200, (b'content-length', b'3')), body(b'ab')", "shorter than its Content-Length"),
    ("start(), body('text')", "'body' has to be bytes, not str"),
    ("{'type': 'http.nonsense'}", "'http.nonsense' is no message"),
    ("None", "an ASGI message is a dict"),
    ("start()", "returned without sending a response"),
    ("", "returned without sending a response"),
]


def test_wrong_messages_are_a_500(start_server: StartServer) -> None:
    cases = ", ".join(f"[{messages}]" for messages, _ in WRONG_MESSAGES)
    server = start_server(
        application(f"""
        for message in [{cases}][int(scope["query_string"])]:
            await send(message)
        """)
    )
    for number, (_, text) in enumerate(WRONG_MESSAGES):
        before = len(server.log)
        assert server.get(f"/?{number}").status_code == 500
        server.wait_for(f"(?s).{{{before}}}.*{re.escape(text)}")


@pytest.mark.parametrize(("first", "second"), [(b"abc", b""), (b"a", b"")], ids=["too long", "too short"])
def test_a_stream_of_another_length_than_announced_is_cut_off(
    start_server: StartServer, first: bytes, second: bytes
) -> None:
    server = start_server(
        application(f"""
        await send(start(200, (b"content-length", b"2")))
        await send(body({first[:1]!r}, more=True))
        await send(body({first[1:]!r}, more=True))
        await send(body({second!r}))
        """)
    )
    with server.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/")


def test_messages_after_the_end_are_refused(start_server: StartServer) -> None:
    server = start_server(
        application("""
        await send(start())
        await send(body(b"ok"))
        await send(body(b"more"))
        """)
    )
    assert server.get("/").text == "ok"
    server.wait_for("'http.response.body' was sent after the response was complete")


def test_a_path_can_be_sent(start_server: StartServer) -> None:
    server = start_server(
        application("""
        assert "http.response.pathsend" in scope["extensions"]
        await send(start(200, (b"content-type", b"text/x-python")))
        await send({"type": "http.response.pathsend", "path": __file__})
        """)
    )
    assert "http.response.pathsend" in server.get("/").text


def test_receive_and_send_can_be_tasks(start_server: StartServer) -> None:
    server = start_server(
        application("""
        task = asyncio.create_task(receive())
        done, _ = await asyncio.wait({task}, timeout=10)
        message = done.pop().result()
        watcher = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await asyncio.create_task(send(start()))
        watcher.cancel()
        try:
            await watcher
        except asyncio.CancelledError:
            await asyncio.wait_for(send(body(message["body"])), 10)
        """)
    )
    with server.client() as client:
        assert client.post("/", content=b"abc").content == b"abc"


def test_context_variables_are_of_one_request(start_server: StartServer) -> None:
    server = start_server(
        "import contextvars\nseen = contextvars.ContextVar('seen', default='nothing')\n"
        + application("""
        before = seen.get()
        seen.set("something")
        await asyncio.sleep(0)
        await send(start())
        await send(body(json.dumps([before, seen.get()]).encode()))
        """)
    )
    with server.client() as client:
        for _ in range(3):
            assert json.loads(client.get("/").content) == ["nothing", "something"]


def test_requests_run_at_the_same_time_in_tasks(start_server: StartServer) -> None:
    server = start_server(
        application("""
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        app.arrived = getattr(app, "arrived", 0) + 1
        app.all = getattr(app, "all", None) or asyncio.Event()
        if app.arrived == 3:
            app.all.set()
        await app.all.wait()
        await send(start())
        await send(body(asyncio.current_task().get_name().encode()))
        """)
    )
    address = ("127.0.0.1", server.port)
    connections = [socket.create_connection(address, timeout=PATIENCE) for _ in range(3)]
    for connection in connections:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    names = {connection.recv(1000).rpartition(b"\r\n")[2] for connection in connections}
    for connection in connections:
        connection.close()
    assert len(names) == 3
