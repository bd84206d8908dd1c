"""HTML from Jinja templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from fastrapi._datastructures.url import URL
from fastrapi.compat.starlette.background import BackgroundTask
from fastrapi.requests import Request
from fastrapi.responses import HTMLResponse
from fastrapi.types import Receive, Scope, Send

if TYPE_CHECKING:
    import jinja2

__all__ = ["Jinja2Templates"]

ContextProcessor = Callable[[Request], dict[str, Any]]


class _TemplateResponse(HTMLResponse):
    """A rendered template, which tests can ask for the template and its context."""

    def __init__(
        self,
        template: Any,
        context: dict[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.template = template
        self.context = context
        super().__init__(template.render(context), status_code, headers, media_type, background)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # An extension of the test client: the request's scope is asked, since middleware may copy it.
        request = self.context.get("request")
        extensions = {} if request is None else request.get("extensions", {})
        if "http.response.debug" in extensions:
            info = {"template": self.template, "context": self.context}
            await send({"type": "http.response.debug", "info": info})
        await super().__call__(scope, receive, send)


class Jinja2Templates:
    """Renders templates.

    Templates see the variable `request` and the function `url_for(name, **path_params)`.

    Args:
        directory: Where the templates are; with several directories the first that has one counts.
        context_processors: Functions of the request that give variables for every template.
        env: An environment to use instead of one for `directory`.

    Raises:
        ImportError: Jinja is not installed.
    """

    @overload
    def __init__(
        self,
        directory: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        context_processors: list[ContextProcessor] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self, *, env: jinja2.Environment, context_processors: list[ContextProcessor] | None = None
    ) -> None: ...

    def __init__(
        self,
        directory: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        context_processors: list[ContextProcessor] | None = None,
        env: jinja2.Environment | None = None,
    ) -> None:
        assert (directory is None) is not (env is None), (
            "either 'directory' or 'env' arguments must be passed"
        )
        self.context_processors = context_processors or []
        self.env = _environment(directory) if directory is not None else env
        self._setup_env_defaults(self.env)

    def _setup_env_defaults(self, env: Any) -> None:
        from jinja2 import pass_context

        @pass_context
        def url_for(context: dict[str, Any], name: str, /, **path_params: Any) -> URL:
            request: Request = context["request"]
            return request.url_for(name, **path_params)

        env.globals.setdefault("url_for", url_for)

    def get_template(self, name: str) -> jinja2.Template:
        """A template by its name.

        Raises:
            jinja2.TemplateNotFound: There is none.
        """
        assert self.env is not None
        return self.env.get_template(name)

    def TemplateResponse(
        self,
        request: Request,
        name: str,
        context: dict[str, Any] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> _TemplateResponse:
        """A response with a rendered template.

        Args:
            request: The request.
            name: The name of the template.
            context: Its variables.
            status_code: The HTTP status.
            headers: Headers to add.
            media_type: The value of Content-Type, HTML if omitted.
            background: What to run after the response was sent.
        """
        variables = {**(context or {})}
        variables.setdefault("request", request)
        for processor in self.context_processors:
            variables.update(processor(request))
        template = self.get_template(name)
        return _TemplateResponse(template, variables, status_code, headers, media_type, background)


def _environment(directory: str | PathLike[str] | Sequence[str | PathLike[str]]) -> jinja2.Environment:
    try:
        import jinja2
    except ImportError:
        raise ImportError("jinja2 must be installed to use Jinja2Templates") from None
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(directory), autoescape=jinja2.select_autoescape()
    )
