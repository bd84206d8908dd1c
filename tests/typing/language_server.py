"""A client of the language server that editors run: enough of LSP 3.17 to ask what it would complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SERVER = Path(sys.executable).with_name("basedpyright-langserver")


class LanguageServer:
    """A running language server.

    Args:
        root: The directory whose `pyproject.toml` configures it.

    Raises:
        ConnectionError: From the methods, if the server has ended.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._last_id = 0
        self._process = subprocess.Popen(
            [SERVER, "--stdio"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        folder = {"uri": root.as_uri(), "name": root.name}
        self._request(
            "initialize",
            processId=None,
            rootUri=root.as_uri(),
            workspaceFolders=[folder],
            capabilities={"textDocument": {"completion": {}}},
        )
        self._write(method="initialized", params={})

    def close(self) -> None:
        """End the server."""
        self._request("shutdown")
        self._write(method="exit", params={})
        self._process.communicate()

    def keywords(self, name: str, text: str) -> list[str]:
        """The keyword arguments that are offered at the end of a file.

        Args:
            name: The path of the file, relative to the root; it need not exist.
            text: Its content, which ends inside of a call.
        """
        uri = (self._root / name).as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self._write(method="textDocument/didOpen", params={"textDocument": document})
        lines = text.split("\n")
        # Any server may answer with the list itself; this one always wraps it.
        offered: dict[str, list[dict[str, Any]]] = self._request(
            "textDocument/completion",
            textDocument={"uri": uri},
            position={"line": len(lines) - 1, "character": len(lines[-1])},
        )
        self._write(method="textDocument/didClose", params={"textDocument": {"uri": uri}})
        labels: list[str] = [item["label"] for item in offered["items"]]
        return [label.removesuffix("=") for label in labels if label.endswith("=")]

    def _request(self, method: str, **params: Any) -> Any:
        self._last_id += 1
        self._write(id=self._last_id, method=method, params=params)
        while True:
            message = self._read()
            if "method" in message:
                if "id" in message:
                    # What the server asks for (progress, registrations) does not change what it completes.
                    self._write(id=message["id"], result=None)
            elif message["id"] == self._last_id:
                assert "error" not in message, message["error"]
                return message["result"]

    def _write(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise ConnectionError(f"{SERVER.name} ended with status {self._process.wait()}")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message
