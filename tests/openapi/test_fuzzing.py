"""Schemathesis finds no server error in the search example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SEARCH = Path(__file__).parents[2] / "examples/search"

ACCOUNT = """
import json
from search.accounts import SCOPES, Account, hash_password

account = Account(password_hash=hash_password("quiet"), scopes=frozenset(SCOPES))
print(json.dumps({"ada": account.model_dump(mode="json")}))
"""


def test_no_answer_is_a_server_error(serve_example, run_tool) -> None:
    accounts = subprocess.check_output([sys.executable, "-B", "-c", ACCOUNT], cwd=SEARCH, text=True)
    server = serve_example("search", SEARCH_ACCOUNTS=accounts)
    with server.client() as client:
        answer = client.post("/token", data={"username": "ada", "password": "quiet"})
    ran = run_tool(
        "schemathesis",
        *("run", f"{server.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {answer.json()['access_token']}"),
        *("--checks", "not_a_server_error", "--continue-on-failure"),
        *("--max-examples", "15", "--seed", "1", "--suppress-health-check", "all"),
    )
    assert ran.returncode == 0, ran.stdout + server.log
    assert "Tested: 8" in ran.stdout, ran.stdout
    assert "Traceback" not in server.log
    assert server.stop() == 0
