"""The security requirements of an operation, and the schemes behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fastrapi.dependencies.analysis import iter_unique_dependants
from fastrapi.dependencies.callables import unwrap
from fastrapi.encoders import jsonable_encoder

if TYPE_CHECKING:
    from fastrapi.dependencies.models import Dependant
    from fastrapi.security.base import SecurityBase


class SecuritySchemes:
    """The schemes of a document, each described once however many operations use it.

    Attributes:
        components: the Security Scheme Objects by name.
    """

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}
        self._described: dict[int, tuple[SecurityBase, Any]] = {}

    def requirements(self, dependant: Dependant) -> list[dict[str, list[str]]]:
        """The Security Requirement Objects of an operation: each scheme with all scopes asked of it."""
        scopes_by_name: dict[str, dict[str, None]] = {}
        for each in iter_unique_dependants(dependant):
            if each.is_security_scheme:
                scheme = cast("SecurityBase", unwrap(each.call))
                self.components[scheme.scheme_name] = self._describe(scheme)
                scopes_by_name.setdefault(scheme.scheme_name, {}).update(dict.fromkeys(each.oauth_scopes))
        return [{name: list(scopes)} for name, scopes in scopes_by_name.items()]

    def _describe(self, scheme: SecurityBase) -> Any:
        known = self._described.get(id(scheme))
        if known is None:
            # The scheme is kept beside its description, so that its id stays its own.
            known = scheme, jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)
            self._described[id(scheme)] = known
        return known[1]
