"""The interactive documentation pages: Swagger UI and ReDoc."""

import json
from html import escape
from typing import Any

from fastrapi.encoders import jsonable_encoder
from fastrapi.openapi.assets import catalogue
from fastrapi.responses import HTMLResponse

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}
"""Swagger UI's configuration, unless an application sets its own values."""

_FAVICON = "https://fastapi.tiangolo.com/img/favicon.png"
_HTML_SIGNIFICANT = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&"})
# What ends a JavaScript string in single quotes, or the script element around it.
_STRING_SIGNIFICANT = _HTML_SIGNIFICANT | {
    ord("\\"): "\\\\",
    ord("'"): "\\'",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
}
_STRING_SIGNIFICANT.pop(ord("&"))


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value).translate(_HTML_SIGNIFICANT)


def _script_string(value: str) -> str:
    """A JavaScript string in single quotes."""
    return f"'{value.translate(_STRING_SIGNIFICANT)}'"


def _attribute(url: str) -> str:
    """A URL as the value of an HTML attribute; its `&` may stay (HTML, section 13.1.2.3)."""
    return url.replace('"', "%22").replace("<", "%3C").replace(">", "%3E")


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css",
    swagger_favicon_url: str = _FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """The page that loads Swagger UI for a document.

    Args:
        openapi_url: where the document is.
        title: the page's title.
        swagger_js_url: where Swagger UI's script is.
        swagger_css_url: where Swagger UI's style sheet is.
        swagger_favicon_url: the page's icon.
        oauth2_redirect_url: the path to which OAuth2 servers return the browser.
        init_oauth: Swagger UI's OAuth2 configuration.
        swagger_ui_parameters: Swagger UI's configuration; added to, and before,
            `swagger_ui_default_parameters`.
    """
    parameters = {**swagger_ui_default_parameters, **(swagger_ui_parameters or {})}
    settings = [f"url: {_script_string(openapi_url)}"]
    settings += [
        f"{_script_json(key)}: {_script_json(jsonable_encoder(value))}" for key, value in parameters.items()
    ]
    if oauth2_redirect_url:
        settings.append(f"oauth2RedirectUrl: window.location.origin + {_script_string(oauth2_redirect_url)}")
    settings.append("presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset]")
    body = ",\n      ".join(settings)
    oauth = f"\n    ui.initOAuth({_script_json(jsonable_encoder(init_oauth))});" if init_oauth else ""
    return HTMLResponse(f"""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{escape(title, quote=False)}</title>
    <link rel="icon" href="{_attribute(swagger_favicon_url)}">
    <link rel="stylesheet" href="{_attribute(swagger_css_url)}">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="{_attribute(swagger_js_url)}"></script>
    <script>
    const ui = SwaggerUIBundle({{
      {body}
    }});{oauth}
    </script>
  </body>
</html>
""")


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js",
    redoc_favicon_url: str = _FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """The page that loads ReDoc for a document.

    Args:
        openapi_url: where the document is.
        title: the page's title.
        redoc_js_url: where ReDoc's script is.
        redoc_favicon_url: the page's icon.
        with_google_fonts: whether the page loads ReDoc's usual fonts from Google.
    """
    fonts = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"
    fonts_link = f'\n    <link rel="stylesheet" href="{fonts}">' if with_google_fonts else ""
    return HTMLResponse(f"""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{escape(title, quote=False)}</title>
    <link rel="icon" href="{_attribute(redoc_favicon_url)}">{fonts_link}
    <style>body {{ margin: 0; padding: 0; }}</style>
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    <redoc spec-url="{_attribute(openapi_url)}"></redoc>
    <script src="{_attribute(redoc_js_url)}"></script>
  </body>
</html>
""")


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """The page to which an OAuth2 server returns the browser: it hands the answer to Swagger UI.

    Its script is Swagger UI's own, from the carried files.
    """
    script = catalogue()["oauth2-redirect.js"].contents().decode()
    return HTMLResponse(f"""<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Swagger UI: OAuth2 redirect</title>
  </head>
  <body>
    <script>
{script}
    </script>
  </body>
</html>
""")
