"""Reading the trace context of another service from the headers of a request."""

from __future__ import annotations

from opentelemetry.propagators.textmap import Getter


class HeaderGetter(Getter[list[tuple[bytes, bytes]]]):
    """Gives propagators access to the headers of an ASGI scope."""

    # Lists by definition, which may be spread over several headers (RFC 9110, section 5.3);
    # the propagator for baggage reads the first value only.
    _JOINED = frozenset({"baggage"})

    def get(self, carrier: list[tuple[bytes, bytes]], key: str) -> list[str] | None:
        name = key.lower().encode("latin-1")
        values = [value.decode("latin-1") for header, value in carrier if header.lower() == name]
        if len(values) > 1 and key.lower() in self._JOINED:
            return [",".join(values)]
        return values or None

    def keys(self, carrier: list[tuple[bytes, bytes]]) -> list[str]:
        return [header.decode("latin-1") for header, _ in carrier]


HEADERS = HeaderGetter()
"""The one that is needed: it has no state."""
