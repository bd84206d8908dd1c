"""The HTTP library is chosen at import, so each case has an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys

BLOCK = """
import sys, warnings
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        import fastrapi.testclient as testclient
    except RuntimeError as error:
        print(error)
    else:
        async def app(scope, receive, send):
            await send({{"type": "http.response.start", "status": 200}})
            await send({{"type": "http.response.body", "body": b"OK"}})
        print(testclient.TestClient.__mro__[1].__module__, testclient.TestClient(app).get("/").text)
print([str(warning.message) for warning in caught if "httpx" in str(warning.message)])
"""


def run_without(*names: str) -> list[str]:
    code = BLOCK.format(names=set(names) or "()")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def test_httpx2_is_preferred() -> None:
    assert run_without() == ["httpx2 OK", "[]"]


def test_httpx_is_a_deprecated_fallback() -> None:
    text = "Using `httpx` with `starlette.testclient` is deprecated; install `httpx2` instead."
    assert run_without("httpx2") == ["httpx OK", f"['{text}']"]


def test_neither() -> None:
    assert run_without("httpx2", "httpx")[:3] == [
        "The starlette.testclient module requires the httpx2 package to be installed.",
        "You can install this with:",
        "    $ pip install httpx2",
    ]
