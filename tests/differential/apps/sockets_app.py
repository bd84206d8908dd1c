"""WebSockets beside planned routes."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from effects import leave, router
from fastapi import (
    APIRouter,
    Cookie,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.exceptions import WebSocketException
from fastapi.responses import PlainTextResponse

app = FastAPI()
app.include_router(router)


@app.get("/echo")
async def plain_echo():
    return "no socket"


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"], message.get("reason"))
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect as error:
        leave(f"closed {error.code} {error.reason!r}")


async def checked(token: Annotated[str | None, Query()] = None) -> AsyncIterator[str]:
    if token is None:
        raise WebSocketException(1008, "no token")
    leave("enter")
    yield token
    leave("exit")


@app.websocket("/params/{item}")
async def params(
    websocket: WebSocket,
    item: int,
    token: Annotated[str, Depends(checked)],
    x: Annotated[str, Header()] = "-",
    ads: Annotated[str, Cookie()] = "-",
    q: list[int] = Query([]),
) -> None:
    await websocket.accept(headers=[(b"x-item", str(item).encode())])
    await websocket.send_json({"item": item, "token": token, "x": x, "ads": ads, "q": q})
    await websocket.close(4001, "done")


@app.websocket("/protocol")
async def protocol(websocket: WebSocket) -> None:
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=offered[-1] if offered else None)
    await websocket.send_text(",".join(offered))
    await websocket.close()


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    await websocket.close(1008, "no")


@app.websocket("/denied-response")
async def denied_response(websocket: WebSocket) -> None:
    await websocket.send_denial_response(PlainTextResponse("why", 418, {"X-A": "b"}))


@app.websocket("/denied-exception")
async def denied_exception(websocket: WebSocket) -> None:
    raise HTTPException(403, "no", {"X-A": "b"})


@app.websocket("/crash")
async def crash(websocket: WebSocket) -> None:
    raise ValueError("crash")


@app.websocket("/crash-later")
async def crash_later(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive_text()
    raise ValueError("crash")


@app.websocket("/closed-by-exception")
async def closed_by_exception(websocket: WebSocket) -> None:
    await websocket.accept()
    raise WebSocketException(4002, "é")


inner = APIRouter(prefix="/in/{room}")


@inner.websocket("/{name}")
async def inner_socket(websocket: WebSocket, room: str, name: str) -> None:
    await websocket.accept()
    await websocket.send_json([room, name, str(websocket.url), websocket.url_for("plain_echo").path])
    await websocket.close()


@inner.get("/{name}")
async def inner_get(room: str, name: str) -> Any:
    return [room, name]


app.include_router(inner)
