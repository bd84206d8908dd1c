"""The documentation pages: what they load, what they escape, and the files carried for them."""

import gzip

import pytest

from fastrapi.openapi.assets import asset_response, catalogue
from fastrapi.openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastrapi.requests import Request


def request(query: str, accept_encoding: str | None = None) -> Request:
    headers = [] if accept_encoding is None else [(b"accept-encoding", accept_encoding.encode())]
    scope = {"type": "http", "method": "GET", "path": "/docs", "headers": headers}
    return Request({**scope, "query_string": query.encode()})


def text(response: object) -> str:
    return bytes(response.body).decode()  # type: ignore[attr-defined]


def test_given_parameters_replace_the_defaults() -> None:
    page = text(
        get_swagger_ui_html(
            openapi_url="/o", title="t", swagger_ui_parameters={"deepLinking": False, "x": [1]}
        )
    )
    assert '"deepLinking": false,' in page
    assert '"deepLinking": true' not in page
    assert '"x": [1],' in page


def test_nothing_that_is_embedded_ends_its_element() -> None:
    evil = "</script><script>alert(1)</script>'\""
    page = text(
        get_swagger_ui_html(
            openapi_url=evil,
            title="</title><script>",
            swagger_js_url='"><script>',
            oauth2_redirect_url=evil,
            init_oauth={"appName": evil},
            swagger_ui_parameters={evil: evil},
        )
    )
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def test_redoc_escapes_the_address_of_the_document() -> None:
    assert 'spec-url="/o%22%3E"' in text(get_redoc_html(openapi_url='/o">', title="t"))


def test_oauth2_redirect_page_hands_over_to_swagger_ui() -> None:
    assert "window.opener.swaggerUIRedirectOauth2" in text(get_swagger_ui_oauth2_redirect_html())


def test_page_itself_is_not_a_file() -> None:
    assert asset_response(request("")) is None


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"])
def test_carried_files_are_sent_as_they_are_kept_to_clients_that_accept_it(name: str) -> None:
    url = catalogue()[name].url.removeprefix("?")
    compressed = asset_response(request(url, "br, gzip"))
    plain = asset_response(request(url))
    assert compressed is not None
    assert plain is not None
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(bytes(compressed.body)) == plain.body
    assert "immutable" in plain.headers["cache-control"]


@pytest.mark.parametrize("accepted", ["gzip;q=0", "gzip; q=0.000", "br", ""])
def test_gzip_is_not_sent_to_clients_that_refuse_it(accepted: str) -> None:
    response = asset_response(request(catalogue()["swagger-ui.css"].url.removeprefix("?"), accepted))
    assert response is not None
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("name", ["swagger-ui.css", "redoc@1.0.0/redoc.standalone.js", "../manifest.json"])
def test_other_names_are_not_found(name: str) -> None:
    response = asset_response(request(f"asset={name}"))
    assert response is not None
    assert response.status_code == 404
