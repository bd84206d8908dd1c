"""What a pydantic core schema tells about the values that it validates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# Nodes for which validating JSON bytes and validating the decoded objects mean the same in lax mode. Left
# out: unions (the smart mode ranks JSON strings differently), decimals (digits beyond a float's), bytes.
_SAME_IN_JSON = frozenset(
    """
    any bool date datetime default definition-ref definitions dict enum float frozenset int list literal model
    model-field model-fields none nullable set str time timedelta tuple typed-dict typed-dict-field uuid
    """.split()  # noqa: SIM905  # a list of quoted names would be three times as long
)


_REMEMBERED_AT_MOST = 1024


def once_per_schema(judge: Callable[[Any], T]) -> Callable[[Any], T]:
    """Remember what was found about a schema: fields that are declared alike have the same one."""
    found: dict[int, tuple[Any, T]] = {}

    @functools.wraps(judge)
    def remembering(schema: Any) -> T:
        known = found.get(id(schema))
        if known is None:
            if len(found) >= _REMEMBERED_AT_MOST:
                found.clear()
            # The schema is kept beside its id, so that no other can get the same id.
            known = found[id(schema)] = (schema, judge(schema))
        return known[1]

    return remembering


def _nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("type"), str):
                yield node
            # Descriptions for serialisation and JSON Schema take no part in validation.
            stack += [value for key, value in node.items() if key not in ("serialization", "metadata", "ref")]
        elif isinstance(node, (list, tuple)):
            stack += node


@once_per_schema
def same_in_json(schema: Any) -> bool:
    """Whether `validate_json` of the schema's validator may stand for decoding and `validate_python`."""
    return all(
        node["type"] in _SAME_IN_JSON
        and not node.get("strict")
        and not (node.get("config") or {}).get("strict")
        and not node.get("custom_init")
        for node in _nodes(schema)
    )


@once_per_schema
def runs_user_code(schema: Any) -> bool:
    """Whether validation may call Python functions, which belong on the event loop's thread."""
    return any(
        node["type"].startswith("function-")
        or node["type"] in ("call", "custom-error", "is-instance", "dataclass")
        or node.get("custom_init")
        or node.get("post_init")
        or "default_factory" in node
        for node in _nodes(schema)
    )
