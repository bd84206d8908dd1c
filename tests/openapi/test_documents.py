"""The document of every example is one of OpenAPI 3.1."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_document_is_valid(serve_example, run_tool, tmp_path: Path, example: str) -> None:
    text = serve_example(example).get("/openapi.json").text
    document = json.loads(text)
    assert document["openapi"] == "3.1.0"
    assert document["paths"]
    (tmp_path / "openapi.json").write_text(text)
    ran = run_tool("openapi-spec-validator", "--schema", "3.1", "openapi.json")
    assert (ran.returncode, ran.stdout.strip()) == (0, "openapi.json: OK")
