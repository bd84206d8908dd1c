"""What type checkers accept and infer for declared parameters, dependencies and security schemes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Annotated, Any, assert_type

from pydantic import AliasChoices, BaseModel

from fastrapi import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
)
from fastrapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OpenIdConnect,
    SecurityScopes,
)

app = FastAPI()


class Page(BaseModel):
    number: int = 0


class User(BaseModel):
    name: str


class Session:
    def query(self) -> int:
        return 1


async def session() -> AsyncGenerator[Session]:
    yield Session()


def settings() -> Generator[dict[str, str]]:
    yield {}


class Pagination:
    def __init__(self, limit: int = 10) -> None:
        self.limit = limit


SessionDep = Annotated[Session, Depends(session)]


@app.get("/annotated/{identifier}")
async def annotated(
    identifier: Annotated[int, Path(gt=0, title="Which")],
    session: SessionDep,
    pagination: Annotated[Pagination, Depends()],
    settings: Annotated[dict[str, str], Depends(settings, use_cache=False, scope="function")],
    words: Annotated[list[str] | None, Query(alias="q", max_length=3)] = None,
    page: Annotated[Page | None, Query(validation_alias=AliasChoices("p", "page"))] = None,
    agent: Annotated[str, Header(convert_underscores=False)] = "",
    theme: Annotated[str | None, Cookie(deprecated=True)] = None,
    body: Annotated[User | None, Body(embed=True, examples=[{"name": "a"}])] = None,
) -> User:
    assert_type(identifier, int)
    assert_type(session, Session)
    assert_type(pagination.limit, int)
    assert_type(settings, dict[str, str])
    assert_type(words, list[str] | None)
    assert_type(page, Page | None)
    assert_type(agent, str)
    assert_type(theme, str | None)
    assert_type(body, User | None)
    return User(name="a")


@app.post("/defaults/{identifier}")
def defaults(
    request: Request,
    response: Response,
    tasks: BackgroundTasks,
    identifier: int = Path(..., ge=1),
    words: list[str] = Query(default_factory=list),
    agent: str | None = Header(None),
    name: str = Form(min_length=1),
    data: bytes = File(),
    upload: UploadFile = File(description="A file"),
    pagination: Pagination = Depends(Pagination),
) -> None:
    assert_type(identifier, int)
    assert_type(words, list[str])
    assert_type(upload, UploadFile)
    assert_type(upload.size, int | None)
    assert_type(response.status_code, int)
    tasks.add_task(print, name, sep=" ")
    raise HTTPException(404, detail={"name": name}, headers={"x-name": name})


# Keywords are checked, although what the functions return fits any parameter.
assert_type(Query(), Any)
Query(ge="1")  # type: ignore[arg-type]
Query(min_lenght=1)  # type: ignore[call-arg]
Path(convert_underscores=True)  # type: ignore[call-arg]
Header(convert_underscores="no")  # type: ignore[arg-type]
Body(embed="yes")  # type: ignore[arg-type]
Depends(1)  # type: ignore[arg-type]
Depends(session, cache=True)  # type: ignore[call-arg]
Security(session, scopes=1)  # type: ignore[arg-type]

oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Read"}, auto_error=False)
code = OAuth2AuthorizationCodeBearer(authorizationUrl="auth", tokenUrl="token", refreshUrl=None)
basic = HTTPBasic(realm="here")
bearer = HTTPBearer(bearerFormat="JWT")
digest = HTTPDigest(scheme_name="digest")
header_key = APIKeyHeader(name="x-key", description="The key")
connect = OpenIdConnect(openIdConnectUrl="/.well-known/openid-configuration")
OAuth2PasswordBearer()  # type: ignore[call-arg]
APIKeyQuery("key")  # type: ignore[call-arg]
APIKeyCookie(name=1)  # type: ignore[arg-type]


def current_user(scopes: SecurityScopes, token: Annotated[str | None, Depends(oauth2)]) -> User:
    assert_type(scopes.scopes, list[str])
    assert_type(scopes.scope_str, str)
    return User(name=token or "")


@app.get("/me")
async def me(
    user: Annotated[User, Security(current_user, scopes=["read"])],
    credentials: Annotated[HTTPBasicCredentials, Depends(basic)],
    authorization: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> None:
    assert_type(user, User)
    assert_type(credentials.username, str)
    assert_type(authorization.credentials, str)
    assert_type(form.scopes, list[str])
    assert_type(form.client_id, str | None)


async def call_schemes(request: Request) -> None:
    assert_type(await oauth2(request), str | None)
    assert_type(await code(request), str | None)
    assert_type(await basic(request), HTTPBasicCredentials | None)
    assert_type(await bearer(request), HTTPAuthorizationCredentials | None)
    assert_type(await digest(request), HTTPAuthorizationCredentials | None)
    assert_type(await header_key(request), str | None)
    assert_type(await connect(request), str | None)
