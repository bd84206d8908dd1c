"""Security schemes as plain callables: what they take from a request, and what they refuse."""

import asyncio
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import pytest
from pydantic import ValidationError

from fastrapi import Depends, FastAPI
from fastrapi.compat.starlette.exceptions import HTTPException
from fastrapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastrapi.requests import Request
from fastrapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    OpenIdConnect,
    SecurityScopes,
)
from fastrapi.security.http import HTTPBase
from fastrapi.testclient import TestClient


def request(query: bytes = b"", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw, "query_string": query})


def call(scheme: Any, request: Request) -> Any:
    return asyncio.run(scheme(request))


def refusal(scheme: Any, request: Request) -> tuple[int, Any, Any]:
    with pytest.raises(HTTPException) as caught:
        call(scheme, request)
    return caught.value.status_code, caught.value.detail, caught.value.headers


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        (APIKeyQuery(name="key"), request(b"key=secret")),
        (APIKeyHeader(name="key"), request(key="secret")),
        (APIKeyCookie(name="key"), request(cookie="other=1; key=secret")),
    ],
)
def test_api_key_is_read_from_its_place(scheme: Any, sent: Request) -> None:
    assert call(scheme, sent) == "secret"


@pytest.mark.parametrize("scheme", [APIKeyQuery(name="k"), APIKeyHeader(name="k"), APIKeyCookie(name="k")])
def test_missing_api_key_is_refused_with_a_challenge(scheme: Any) -> None:
    assert refusal(scheme, request()) == (401, "Not authenticated", {"WWW-Authenticate": "APIKey"})


def test_empty_api_key_counts_as_missing() -> None:
    assert refusal(APIKeyQuery(name="k"), request(b"k="))[0] == 401


def test_api_key_without_auto_error_is_none() -> None:
    assert call(APIKeyHeader(name="k", auto_error=False), request()) is None


@pytest.mark.parametrize("value", ["Bearer token", "bearer token", "BEARER  token "])
def test_bearer_scheme_matches_in_any_case_and_credentials_are_stripped(value: str) -> None:
    credentials = call(HTTPBearer(), request(authorization=value))
    assert credentials.credentials == "token"
    assert credentials.scheme == value.split()[0]


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", " Bearer x", "Bearer\tx"])
def test_other_authorization_is_refused_by_bearer(value: str) -> None:
    assert refusal(HTTPBearer(), request(authorization=value)) == (
        401,
        "Not authenticated",
        {"WWW-Authenticate": "Bearer"},
    )


def test_digest_takes_only_its_own_scheme() -> None:
    assert call(HTTPDigest(), request(authorization="Digest x")).credentials == "x"
    assert call(HTTPDigest(auto_error=False), request(authorization="Basic x")) is None


def test_base_takes_any_scheme_and_names_its_own_in_the_challenge() -> None:
    scheme = HTTPBase(scheme="other")
    assert call(scheme, request(authorization="Whatever x")).scheme == "Whatever"
    assert refusal(scheme, request())[2] == {"WWW-Authenticate": "Other"}


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [("dTpw", ("u", "p")), ("dTpwOnE=", ("u", "p:q")), ("dTo=", ("u", ""))],
)
def test_basic_splits_at_the_first_colon(encoded: str, expected: tuple[str, str]) -> None:
    credentials = call(HTTPBasic(), request(authorization=f"Basic {encoded}"))
    assert (credentials.username, credentials.password) == expected


@pytest.mark.parametrize("encoded", ["abc", "dXNlcg==", "/////w=="])
def test_undecodable_basic_credentials_are_refused_even_without_auto_error(encoded: str) -> None:
    assert refusal(HTTPBasic(auto_error=False), request(authorization=f"Basic {encoded}"))[0] == 401


def test_basic_challenge_names_the_realm() -> None:
    assert refusal(HTTPBasic(realm="here"), request())[2] == {"WWW-Authenticate": 'Basic realm="here"'}
    quoted = refusal(HTTPBasic(realm='a"b\\c'), request())[2]
    assert quoted == {"WWW-Authenticate": r'Basic realm="a\"b\\c"'}


@pytest.mark.parametrize(
    "scheme", [OAuth2PasswordBearer("token"), OAuth2AuthorizationCodeBearer("authorize", "token")]
)
def test_oauth2_bearer_gives_the_token(scheme: Any) -> None:
    assert call(scheme, request(authorization="Bearer token")) == "token"
    assert refusal(scheme, request(authorization="Basic x"))[2] == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("scheme", [OAuth2(), OpenIdConnect(openIdConnectUrl="u")])
def test_unspecific_schemes_give_the_whole_header(scheme: Any) -> None:
    assert call(scheme, request(authorization="Any thing")) == "Any thing"
    assert refusal(scheme, request())[0] == 401


def test_error_can_be_replaced() -> None:
    class Teapot(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(418)

    assert refusal(Teapot(), request())[0] == 418


def test_scheme_name_is_the_class_unless_given() -> None:
    assert HTTPBearer().scheme_name == "HTTPBearer"
    assert APIKeyQuery(name="k", scheme_name="own").scheme_name == "own"


def test_password_form_splits_scopes() -> None:
    form = OAuth2PasswordRequestForm(username="u", password="p", scope=" a  b")
    assert form.scopes == ["a", "b"]
    assert OAuth2PasswordRequestFormStrict("password", "u", "p").grant_type == "password"


def test_security_scopes_are_joined() -> None:
    assert SecurityScopes(["a", "b"]).scope_str == "a b"
    assert SecurityScopes().scopes == []


def test_package_has_no_other_names() -> None:
    import fastrapi.security

    with pytest.raises(AttributeError, match="no attribute 'Missing'"):
        _ = fastrapi.security.Missing


def test_what_the_document_says_of_a_flow_is_imported_by_who_asks_for_it() -> None:
    script = """if True:
        import sys
        from fastrapi import FastrAPI
        from fastrapi.security import OAuth2PasswordBearer
        scheme = OAuth2PasswordBearer("token", scopes={"a": "A"})
        assert "fastrapi.openapi.security_models" not in sys.modules
        assert scheme.model.flows.password.tokenUrl == "token"
        from fastrapi.security.oauth2 import OAuth2Model, OAuthFlowsModel
        assert type(scheme.model) is OAuth2Model and type(scheme.model.flows) is OAuthFlowsModel
    """
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_class_of_schemes_may_be_a_dependency() -> None:
    class Own(OAuth2):
        pass

    app = FastAPI()

    @app.post("/own")
    def own(scheme: Annotated[Own, Depends()]) -> str:
        return scheme.scheme_name

    assert TestClient(app).post("/own?scheme_name=mine", json={}).json() == "mine"
    assert "flows" in get_type_hints(OAuth2.__init__)


@pytest.mark.parametrize(
    "make",
    [
        lambda: OAuth2PasswordBearer(None),  # type: ignore[arg-type]
        lambda: OAuth2PasswordBearer("token", description=1),  # type: ignore[arg-type]
        lambda: OAuth2PasswordBearer("token", scopes={"a": 1}),  # type: ignore[dict-item]
        lambda: OAuth2PasswordBearer("token", refreshUrl=1),  # type: ignore[arg-type]
        lambda: OAuth2(flows=None),  # type: ignore[arg-type]
        lambda: OAuth2(flows={"password": {}}),
        lambda: OAuth2(flows={"password": []}),  # type: ignore[dict-item]
    ],
)
def test_a_mistake_in_a_flow_is_reported_where_it_is_made(make: Callable[[], Any]) -> None:
    with pytest.raises(ValidationError):
        make()


def test_the_model_of_a_scheme_is_what_its_arguments_were_when_it_was_made() -> None:
    scopes = {"a": "A"}
    scheme = OAuth2PasswordBearer("token", scopes=scopes)
    copied = pickle.loads(pickle.dumps(scheme))
    scopes["b"] = "B"
    assert scheme.model.flows.password == OAuthFlowPassword(
        tokenUrl="token", refreshUrl=None, scopes={"a": "A"}
    )
    assert copied.model == scheme.model
    assert scheme.model is scheme.model
    assert OAuth2().model == OAuth2(flows=OAuthFlows()).model
    kept = OAuth2(flows={"password": {"tokenUrl": "token", "x-own": 1}}).model.flows.password
    assert kept is not None
    assert kept.model_extra == {"x-own": 1}
    scheme.model = OAuth2().model
    assert scheme.model.flows.password is None
