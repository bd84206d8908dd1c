"""Path templates: `/users/{id:int}` to a pattern, and back to a URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fastrapi._host import parse_host_header
from fastrapi.convertors import (
    CONVERTOR_TYPES,
    Convertor,
    FloatConvertor,
    IntegerConvertor,
    StringConvertor,
    UUIDConvertor,
)

_PARAMETER = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?\}")
_REPLACEMENT = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")

_WITHIN_ONE_SEGMENT = (StringConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor)
"""Convertors known never to match a slash. Compared by exact type: a subclass may change `regex`."""


class PathShape(NamedTuple):
    """What the path of a route looks like, coarsely: a necessary condition for a match.

    Attributes:
        segments: The path's leading segments in order; None stands for any one segment.
        is_open: Whether anything may follow the segments; if not, they are the whole path.
    """

    segments: tuple[str | None, ...]
    is_open: bool


def get_name(endpoint: Callable[..., Any]) -> str:
    """The default name of the route to `endpoint`: its `__name__`, or its class's."""
    name: str = getattr(endpoint, "__name__", endpoint.__class__.__name__)
    return name


class PathTemplate(NamedTuple):
    """A parsed path template, or, if it does not start with a slash, a host template.

    Attributes:
        format: The template without convertor names, from which URLs are built.
        convertors: The convertor of each parameter.
    """

    format: str
    convertors: dict[str, Convertor[Any]]

    def compile(self) -> re.Pattern[str]:
        """The pattern, with one named group a parameter. A host's ignores case and has no port."""
        is_host = self.format[:1] not in ("/", "")
        *parts, tail = _REPLACEMENT.split(self.format)  # literal, name, literal, name, ... literal
        pattern = ["^"]
        for literal, name in zip(parts[::2], parts[1::2], strict=True):
            pattern.append(f"{re.escape(literal)}(?P<{name}>{self.convertors[name].regex})")
        pattern.append(re.escape(_without_port(tail) if is_host else tail))
        pattern.append("$")
        return re.compile("".join(pattern), re.IGNORECASE if is_host else 0)


def parse_template(path: str) -> PathTemplate:
    """Parses a path or host template without compiling its pattern, which takes most of the time.

    Raises:
        ValueError: A parameter's name occurs twice.
        AssertionError: A convertor is unknown.
    """
    if "{" not in path:
        return PathTemplate(path, {})
    convertors: dict[str, Convertor[Any]] = {}
    duplicates: set[str] = set()

    def without_convertor(parameter: re.Match[str]) -> str:
        name, kind = parameter[1], parameter[2] or "str"
        assert kind in CONVERTOR_TYPES, f"Unknown path convertor '{kind}'"
        if name in convertors:
            duplicates.add(name)
        convertors[name] = CONVERTOR_TYPES[kind]
        return f"{{{name}}}"

    path_format = _PARAMETER.sub(without_convertor, path)
    if duplicates:
        names = ", ".join(sorted(duplicates))
        raise ValueError(f"Duplicated param name{'s' if len(duplicates) > 1 else ''} {names} at path {path}")
    return PathTemplate(path_format, convertors)


def compile_path(path: str) -> tuple[re.Pattern[str], str, dict[str, Convertor[Any]]]:
    """The pattern, the format and the convertors of a path or host template; see `parse_template`."""
    template = parse_template(path)
    return template.compile(), template.format, template.convertors


def _without_port(host: str) -> str:
    bracket = host.rfind("]")  # the colons of an IPv6 literal are no port
    colon = host.find(":", bracket + 1)
    return host if colon < 0 else host[:colon]


def replace_params(
    path: str, param_convertors: Mapping[str, Convertor[Any]], path_params: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Fills `{name}` placeholders of `path` in one pass, so that no value is taken for a placeholder.

    Returns:
        The path, in which placeholders without a value stay, and the parameters that were not used.
    """
    used: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name not in path_params or name not in param_convertors:
            return match[0]
        used.add(name)
        return param_convertors[name].to_string(path_params[name])

    filled = _REPLACEMENT.sub(fill, path)
    return filled, {name: value for name, value in path_params.items() if name not in used}


def same_origin_path(path: str) -> str:
    """`path` such that a browser cannot read a host out of it.

    A reference that starts with two slashes, or a slash and a backslash, names a host (RFC 3986, 4.2).
    """
    if path[:2] in ("//", "/\\"):
        return f"/%{ord(path[1]):02X}{path[2:]}"
    return path


def path_shape(template: PathTemplate) -> PathShape:
    """The shape of the paths that a template matches."""
    segments: list[str | None] = []
    for segment in template.format.split("/")[1:]:
        names = [name for name in _REPLACEMENT.findall(segment) if name in template.convertors]
        if not names:
            segments.append(segment)
        elif all(type(template.convertors[name]) in _WITHIN_ONE_SEGMENT for name in names):
            segments.append(None)
        else:
            return PathShape(tuple(segments), True)
    return PathShape(tuple(segments), False)


def requested_host(host_header: str | None) -> str | None:
    """The host of a Host header without its port; None if the header is missing or invalid."""
    parsed = parse_host_header(host_header)
    return None if parsed is None else parsed.host
