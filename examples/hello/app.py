"""The smallest application: `fastrapi-server --app app:app --app-dir examples/hello`."""

from fastrapi import FastrAPI

app = FastrAPI()


@app.get("/")
async def hello(name: str = "world") -> dict[str, str]:
    """Greet `name`."""
    return {"message": f"Hello, {name}!"}
