"""Forms and files."""

from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, UploadFile
from pydantic import BaseModel

app = FastAPI()


class Profile(BaseModel):
    name: str
    age: int = 1
    tags: list[str] = []


def shown(*values: Any) -> dict[str, list[str]]:
    return {"values": [ascii(value) for value in values]}


@app.post("/fields")
def fields(name: Annotated[str, Form()], age: Annotated[int, Form()] = 3) -> Any:
    return shown(name, age)


@app.post("/optional")
async def optional(name: Annotated[str | None, Form()] = None, flag: Annotated[bool, Form()] = False) -> Any:
    return shown(name, flag)


@app.post("/lists")
def lists(tags: Annotated[list[str], Form()], numbers: Annotated[list[int], Form()] = []) -> Any:  # noqa: B006
    return shown(tags, numbers)


@app.post("/model")
def model(profile: Annotated[Profile, Form()]) -> Any:
    return shown(profile)


@app.post("/file")
async def file(file: UploadFile) -> Any:
    return shown(file.filename, file.content_type, file.size, await file.read(), file.headers.items())


@app.post("/bytes")
def bytes_(file: Annotated[bytes, File()]) -> Any:
    return shown(file)


@app.post("/optional-file")
def optional_file(file: UploadFile | None = None) -> Any:
    return shown(file and file.filename)


@app.post("/files")
async def files(files: list[UploadFile], note: Annotated[str, Form()] = "-") -> Any:
    return shown([(each.filename, await each.read()) for each in files], note)


@app.post("/alias")
def alias(value: Annotated[str, Form(alias="some-name", min_length=2)]) -> Any:
    return shown(value)


@app.post("/both/{path}")
def both(path: int, name: Annotated[str, Form()], q: str = "-") -> Any:
    return shown(path, name, q)


@app.post("/json-or-not")
def json_or_not(value: Annotated[dict[str, Any], Body()]) -> Any:
    return shown(value)
