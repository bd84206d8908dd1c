"""What `check` notes: routes that are never reached, and path names without a counterpart."""

from typing import Annotated

from fastrapi import APIRouter, Depends, FastAPI, Path
from fastrapi.plan.findings import find_oddities


def app_with(*paths: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    for path in paths:
        app.add_route(path, lambda request: None, methods=["GET"])
    return app


def test_a_route_behind_one_that_takes_all_its_requests_is_never_reached() -> None:
    for earlier, later in [
        ("/a", "/a"),
        ("/{x}", "/a"),
        ("/{x}", "/{y}"),
        ("/{x}", "/{y:int}"),
        ("/{x:path}", "/a/{y}/b"),
        ("/{x:float}", "/{y:int}"),
    ]:
        assert find_oddities(app_with(earlier, later)) == [
            f"GET {later} is never reached: {earlier} comes first and takes its requests",
            f"HEAD {later} is never reached: {earlier} comes first and takes its requests",
        ]


def test_a_route_that_still_gets_some_requests_is_no_finding() -> None:
    for earlier, later in [
        ("/a", "/{x}"),
        ("/{x:int}", "/{y}"),
        ("/{x}", "/{y:path}"),
        ("/a/{x}", "/b/{x}"),
        ("/{x:uuid}", "/{y:int}"),
    ]:
        assert find_oddities(app_with(earlier, later)) == []


def test_names_of_an_included_router_are_those_of_the_whole_path() -> None:
    router = APIRouter()

    @router.get("/{item_id}")
    def read(item_id: int, team: Annotated[str, Path()]) -> None: ...

    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/{team}")
    assert find_oddities(app) == []
    app.include_router(router, prefix="/teams")
    assert "/teams/{item_id} has no {team}, which its handler takes from the path" in find_oddities(app)


def test_a_dependency_may_take_the_name() -> None:
    def current(team_id: int) -> int:
        return team_id

    app = FastAPI(openapi_url=None)
    app.add_api_route("/teams/{team_id}", lambda: None, dependencies=[Depends(current)])
    assert find_oddities(app) == []


def test_an_application_of_another_framework_has_no_findings() -> None:
    assert find_oddities(object()) == []
