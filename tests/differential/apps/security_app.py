"""Security schemes."""

from typing import Annotated, Any

from effects import leave, router
from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.openapi.models import OAuthFlowImplicit, OAuthFlows
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
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

app = FastAPI()
app.include_router(router)

SCHEMES = {
    "bearer": OAuth2PasswordBearer("token", scopes={"a": "A"}),
    "bearer-optional": OAuth2PasswordBearer("token", auto_error=False),
    "code": OAuth2AuthorizationCodeBearer("authorize", "token"),
    "oauth2": OAuth2(flows=OAuthFlows(implicit=OAuthFlowImplicit(authorizationUrl="x", scopes={}))),
    "oauth2-optional": OAuth2(auto_error=False),
    "openid": OpenIdConnect(openIdConnectUrl="/openid"),
    "openid-optional": OpenIdConnect(openIdConnectUrl="/openid", auto_error=False),
    "key-header": APIKeyHeader(name="X-Key"),
    "key-header-optional": APIKeyHeader(name="X-Key", auto_error=False),
    "key-query": APIKeyQuery(name="key"),
    "key-query-optional": APIKeyQuery(name="key", auto_error=False),
    "key-cookie": APIKeyCookie(name="key"),
    "key-cookie-optional": APIKeyCookie(name="key", auto_error=False),
}
for name, scheme in SCHEMES.items():

    @app.get(f"/security/{name}")
    def secured(value: Annotated[str | None, Security(scheme)]) -> Any:
        return {"value": value}

    @app.get(f"/security-task/{name}")
    async def secured_task(value: Annotated[str | None, Security(scheme)]):
        return {"value": value}


for name, credentials in {
    "http-bearer": HTTPBearer(),
    "http-bearer-optional": HTTPBearer(auto_error=False),
    "digest": HTTPDigest(),
    "digest-optional": HTTPDigest(auto_error=False),
}.items():

    @app.get(f"/security/{name}")
    def credentials_(value: Annotated[HTTPAuthorizationCredentials | None, Security(credentials)]) -> Any:
        return value


for name, basic in {
    "basic": HTTPBasic(),
    "basic-realm": HTTPBasic(realm="r é"),
    "basic-optional": HTTPBasic(auto_error=False),
}.items():

    @app.get(f"/security/{name}")
    def basic_(value: Annotated[HTTPBasicCredentials | None, Security(basic)]) -> Any:
        return value


def user(scopes: SecurityScopes, token: Annotated[str, Depends(SCHEMES["bearer"])]) -> list[str]:
    if "admin" in scopes.scopes and token != "admin":
        raise HTTPException(403, scopes.scope_str, {"WWW-Authenticate": "Bearer"})
    leave(f"user {scopes.scope_str}")
    return [token, *scopes.scopes]


def active(value: Annotated[list[str], Security(user, scopes=["active"])]) -> list[str]:
    return value


@app.get("/scopes")
def scopes(
    one: Annotated[list[str], Security(active, scopes=["a", "b"])],
    two: Annotated[list[str], Security(active, scopes=["b"])],
    three: Annotated[list[str], Security(active, scopes=["a", "b"])],
) -> Any:
    return [one, two, three]


@app.get("/scopes/admin", dependencies=[Security(user, scopes=["admin"])])
async def admin() -> Any:
    return "admin"


@app.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Any:
    return vars(form)


@app.post("/login-strict")
async def login_strict(form: Annotated[OAuth2PasswordRequestFormStrict, Depends()]) -> Any:
    return [form.username, form.password, form.scopes, form.grant_type]
