"""Routers, mounts, routes that shadow each other."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

app = FastAPI(redirect_slashes=True)


@app.get("/users/me")
async def me():
    return "me"


@app.get("/users/{name}")
async def user(name: str):
    return {"user": name}


@app.get("/users/late")
async def late():
    return "never"


@app.post("/users/{name}")
async def create_user(name: str) -> Any:
    return {"created": name}


@app.get("/{kind}/fixed")
async def fixed(kind: str):
    return {"kind": kind}


@app.get("/slashed/")
async def slashed():
    return "slashed"


@app.get("/bare")
async def bare():
    return "bare"


@app.put("/both/")
@app.get("/both")
async def both():
    return "both"


@app.get("/int/{value:int}")
async def integer(value: int):
    return {"int": value}


@app.get("/int/{value}")
async def not_integer(value: str):
    return {"str": value}


@app.get("/files/{path:path}")
async def files(path: str):
    return {"path": path}


@app.get("/files/special")
async def special():
    return "never"


@app.get("/dots.{extension}")
async def dots(extension: str):
    return extension


@app.api_route("/methods", methods=["GET", "POST", "PATCH"])
async def methods(request: Request) -> Any:
    return request.method


@app.delete("/methods")
async def delete_methods() -> Any:
    return "deleted"


@app.head("/heads")
async def heads() -> Any:
    return Response(headers={"X-Head": "1"})


@app.options("/heads")
async def options() -> Any:
    return "options"


@app.api_route("/custom", methods=["BREW", "get"])
async def custom() -> Any:
    return "brewed"


def classic(request: Request) -> Response:
    return PlainTextResponse(f"classic {request.path_params} {request.scope['root_path']}")


app.router.routes.append(Route("/classic/{a}", classic))
app.add_route("/added", classic, methods=["POST"])


class Loud(APIRoute):
    def get_route_handler(self) -> Any:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response: Response = await inner(request)
            response.headers["X-Loud"] = self.path
            return response

        return handle


loud = APIRouter(route_class=Loud, prefix="/loud")


@loud.get("/{a}")
async def loud_one(a: int) -> Any:
    return a


first, second = APIRouter(prefix="/v{version}"), APIRouter()


@second.get("/items/{item}")
def items(version: int, item: str, request: Request) -> Any:
    return [
        version,
        item,
        str(request.url_for("items", version=version, item=item)),
        request.scope["route"].path,
    ]


@second.get("")
async def root(version: int):
    return {"root": version}


@second.post("/items/{item}", status_code=201)
async def make(version: int, item: str):
    return {"item": item, "version": version}


first.include_router(second, prefix="/second", tags=["x"])
app.include_router(first, prefix="/api")
app.include_router(first, prefix="/other")
app.include_router(loud)

sub = FastAPI()


@sub.get("/hello/{name}")
async def hello(name: str, request: Request) -> Any:
    return [name, request.scope["root_path"], request.url.path]


@sub.get("/")
async def sub_root(request: Request) -> Any:
    return str(request.url)


app.mount("/sub", sub)
app.router.routes.append(Mount("/mounted/{who}", routes=[Route("/classic/{a}", classic)]))


@app.get("/sub/unreachable")
async def unreachable():
    return "never"


@app.get("/after")
async def after():
    return "after"


@app.get("/{everything:path}")
async def everything(everything: str) -> Any:
    return {"everything": everything}
