"""The whole service through its HTTP interface, once on each store."""

from collections.abc import Iterator
from typing import Any

import pytest

from fastrapi.testclient import TestClient
from fastrapi.websockets import WebSocketDisconnect
from search import corpus
from search.accounts import SCOPES, Account, hash_password
from search.application import create_app
from search.models import Document
from search.settings import Settings

PASSWORD = "correct horse"
DOCUMENTS = [
    {
        "id": "a",
        "site": "fruit",
        "title": "Apple",
        "body": "An <i>apple</i> a day",
        "url": "https://example.org/a",
    },
    {"id": "b", "site": "fruit", "title": "Pear", "body": "Not an apple, still a fruit"},
    {"id": "c", "site": "tools", "title": "Peeler", "body": "Peels an apple"},
]


@pytest.fixture(scope="module")
def accounts() -> dict[str, Account]:
    stored = hash_password(PASSWORD)
    return {
        "ada": Account(password_hash=stored, scopes=frozenset(SCOPES)),
        "bob": Account(password_hash=stored, scopes=frozenset({"documents:write"})),
    }


@pytest.fixture
def client(settings: Settings, accounts: dict[str, Account]) -> Iterator[TestClient]:
    with TestClient(create_app(settings.model_copy(update={"accounts": accounts}))) as client:
        yield client


def bearer(client: TestClient, username: str = "ada", **form: str) -> dict[str, str]:
    answer = client.post("/token", data={"username": username, "password": PASSWORD, **form})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    answer = client.post("/documents", json=DOCUMENTS, headers=bearer(client))
    assert (answer.status_code, answer.json()) == (201, {"indexed": 3})
    return client


def test_search(filled: TestClient) -> None:
    page = filled.get("/search", params={"q": "Apple"}).json()
    assert page["total"] == 3
    assert page["results"][0] == {
        "id": "a",
        "site": "fruit",
        "title": "Apple",
        "url": "https://example.org/a",
        "score": page["results"][0]["score"],
        "snippet": "An &lt;i&gt;<mark>apple</mark>&lt;/i&gt; a day",
    }
    assert page["facets"] == {"site": [{"value": "fruit", "count": 2}, {"value": "tools", "count": 1}]}


def test_search_on_one_site_keeps_the_facets(filled: TestClient) -> None:
    page = filled.get("/search", params={"q": "apple", "site": "tools"}).json()
    assert [result["id"] for result in page["results"]] == ["c"]
    assert page["total"] == 1
    assert len(page["facets"]["site"]) == 2
    assert page["links"] == {
        "self": "/search?q=apple&limit=10&offset=0&site=tools",
        "previous": None,
        "next": None,
    }


def test_paging_links_lead_through_all_results(filled: TestClient) -> None:
    seen: list[str] = []
    address: str | None = "/search?q=apple&limit=1"
    while address:
        page: dict[str, Any] = filled.get(address).json()
        seen += [result["id"] for result in page["results"]]
        address = page["links"]["next"]
    assert sorted(seen) == ["a", "b", "c"]
    assert page["links"]["previous"] == "/search?q=apple&limit=1&offset=1"


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=a&limit=0", "?q=a&limit=51", "?q=a&offset=-1", "?q=a&limit=x"]
)
def test_searches_that_make_no_sense(client: TestClient, query: str) -> None:
    assert client.get(f"/search{query}").status_code == 422


def test_a_search_without_words_finds_nothing(filled: TestClient) -> None:
    assert filled.get("/search", params={"q": '"*('}).json()["total"] == 0


def test_documents_are_read_by_anyone_and_deleted_once(filled: TestClient) -> None:
    assert filled.get("/documents/b").json() == {**DOCUMENTS[1], "url": None}
    headers = bearer(filled)
    assert filled.delete("/documents/b").status_code == 401
    assert filled.delete("/documents/b", headers=headers).status_code == 204
    assert filled.delete("/documents/b", headers=headers).status_code == 404
    assert filled.get("/documents/b").status_code == 404
    assert filled.get("/search", params={"q": "pear"}).json()["total"] == 0


def test_a_wrong_document_stores_none(client: TestClient) -> None:
    wrong = [DOCUMENTS[0], {**DOCUMENTS[1], "id": "no spaces"}]
    answer = client.post("/documents", json=wrong, headers=bearer(client))
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", 1, "id"]
    assert client.get("/health").json()["documents"] == 0


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD)])
def test_tokens_need_the_right_password(client: TestClient, username: str, password: str) -> None:
    answer = client.post("/token", data={"username": username, "password": password})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_scopes_are_granted_narrowed_and_refused(client: TestClient) -> None:
    form = {"username": "ada", "password": PASSWORD}
    assert client.post("/token", data=form).json()["scope"] == "documents:write index:rebuild"
    assert client.post("/token", data={**form, "scope": "index:rebuild"}).json()["scope"] == "index:rebuild"
    assert (
        client.post("/token", data={**form, "username": "bob", "scope": "index:rebuild"}).status_code == 403
    )


def test_a_token_without_the_scope_is_not_enough(client: TestClient) -> None:
    answer = client.post("/reindex", headers=bearer(client, "bob"))
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == 'Bearer scope="index:rebuild", error="insufficient_scope"'
    narrowed = bearer(client, scope="index:rebuild")
    assert client.post("/documents", json=DOCUMENTS, headers=narrowed).status_code == 403


def test_a_changed_token_is_refused(client: TestClient) -> None:
    headers = {"Authorization": bearer(client)["Authorization"] + "x"}
    answer = client.post("/documents", json=DOCUMENTS, headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_health(filled: TestClient, settings: Settings) -> None:
    store = "redis" if settings.redis_url else "sqlite"
    assert filled.get("/health").json() == {"status": "ok", "store": store, "documents": 3}


def test_the_search_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    for part in ("/page/search.css", "/page/search.js"):
        assert part in page.text
        assert client.get(part).status_code == 200


def test_unknown_jobs(client: TestClient) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert client.get(f"/reindex/{unknown}").status_code == 404
    assert client.get("/reindex/one").status_code == 422
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect(f"/reindex/{unknown}/progress"),
    ):
        pass
    assert refused.value.code == 4404


class TestReindex:
    @pytest.fixture(autouse=True)
    def small_corpus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        documents = [Document(id=f"d{i}", site="s", title="t", body="corpus") for i in range(600)]
        monkeypatch.setattr(corpus, "load", lambda settings: documents)

    def test_the_index_is_built_at_the_first_start_only(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with TestClient(create_app(settings)) as client:
            assert client.get("/search", params={"q": "corpus"}).json()["total"] == 600
        monkeypatch.setattr(corpus, "load", lambda settings: pytest.fail("built again"))
        with TestClient(create_app(settings)) as client:
            assert client.get("/health").json()["documents"] == 600

    def test_progress_is_told_to_the_end(self, client: TestClient) -> None:
        started = client.post("/reindex", headers=bearer(client))
        assert started.status_code == 202
        links = started.json()
        done: list[dict[str, Any]] = []
        with client.websocket_connect(links["progress"]) as socket:
            while not done or done[-1]["state"] == "running":
                done.append(socket.receive_json())
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_json()
        assert closed.value.code == 1000
        assert done[-1] == {**links["job"], "state": "done", "done": 600, "total": 600}
        assert client.get(links["status"]).json() == done[-1]

    def test_one_job_at_a_time(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        headers = bearer(client)
        refused = []

        def load(settings: object) -> list[Document]:
            refused.append(client.post("/reindex", headers=headers).status_code)
            return []

        monkeypatch.setattr(corpus, "load", load)
        first = client.post("/reindex", headers=headers).json()
        assert refused == [409]
        second = client.post("/reindex", headers=headers)
        assert second.status_code == 202
        assert client.get(first["status"]).status_code == 404

    def test_a_failed_job_says_so_and_frees_the_way(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(settings: object) -> list[Document]:
            raise OSError("no corpus today")

        monkeypatch.setattr(corpus, "load", broken)
        started = client.post("/reindex", headers=bearer(client)).json()
        job = client.get(started["status"]).json()
        assert (job["state"], job["error"]) == ("failed", "OSError: no corpus today")
        assert "Indexing the corpus failed" in caplog.text
        assert client.post("/reindex", headers=bearer(client)).status_code == 202
