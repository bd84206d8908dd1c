"""The documentation pages of one application, with the carried Swagger UI and ReDoc."""

from typing import TYPE_CHECKING

from fastrapi.openapi.assets import asset_response, catalogue
from fastrapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastrapi.requests import Request
from fastrapi.responses import Response

if TYPE_CHECKING:
    from fastrapi.applications import FastAPI


def _below_root(request: Request, path: str | None) -> str:
    """An application's path as the browser has to ask for it behind a proxy."""
    root: str = request.scope.get("root_path", "").rstrip("/")
    return f"{root}{path}"


def swagger_ui(app: "FastAPI", request: Request) -> Response:
    """Swagger UI for the application's document, or one of the files behind the page."""
    asset = asset_response(request)
    if asset is not None:
        return asset
    redirect_url = app.swagger_ui_oauth2_redirect_url
    files = catalogue()
    return get_swagger_ui_html(
        openapi_url=_below_root(request, app.openapi_url),
        title=f"{app.title} - Swagger UI",
        swagger_js_url=files["swagger-ui-bundle.js"].url,
        swagger_css_url=files["swagger-ui.css"].url,
        swagger_favicon_url=files["favicon-32x32.png"].url,
        oauth2_redirect_url=_below_root(request, redirect_url) if redirect_url else None,
        init_oauth=app.swagger_ui_init_oauth,
        swagger_ui_parameters=app.swagger_ui_parameters,
    )


def redoc(app: "FastAPI", request: Request) -> Response:
    """ReDoc for the application's document, or one of the files behind the page."""
    asset = asset_response(request)
    if asset is not None:
        return asset
    files = catalogue()
    return get_redoc_html(
        openapi_url=_below_root(request, app.openapi_url),
        title=f"{app.title} - ReDoc",
        redoc_js_url=files["redoc.standalone.js"].url,
        redoc_favicon_url=files["favicon-32x32.png"].url,
        with_google_fonts=False,
    )
