"""What we add to webbench: a workload, FastAPI on our own Python, and the Redis calls without a server."""

from __future__ import annotations

import sys
from dataclasses import replace

from webbench.apps import data
from webbench.client import CLIENTS
from webbench.peers import PEERS, Command, Launch, Peer
from webbench.workloads import HELLO_SYNC, WORKLOADS, Request, Workload

from .calls import calls_or_wrk
from .table import BENCHES, CALLS, EMBEDDED, OURS, REFERENCE

APPS = BENCHES / "apps"
VARIANT = "http_middleware"

HTTP_MIDDLEWARE = Workload(
    "http_middleware",
    "one function middleware around hello",
    # The answer has to have a CORS header, which is how the harness sees that the middleware ran.
    (Request("/hello", headers={"Origin": "https://example.com"}, answer=data.HELLO),),
    variant=VARIANT,
    refused=Request("/hello", headers={"Authorization": "Bearer revoked"}),
)
K6_SYNC = Workload("k6_sync", "hello JSON, sync def, k6 with 20 VUs", (HELLO_SYNC,), 20, client="k6")

#: Peer -> (the application of webbench that its command names, ours with the middleware, further arguments)
SUBSTITUTES = {
    REFERENCE: ("fastapi_app:app", "http_middleware_asgi:app", ["--app-dir", str(APPS)]),
    EMBEDDED: ("fastapi_app:app", "http_middleware_asgi:app", ["--app-dir", str(APPS)]),
    OURS: ("ours_app:app", "http_middleware_asgi:app", ["--app-dir", str(APPS)]),
    "blacksheep-granian": ("blacksheep_app:app", f"{APPS}/http_middleware_blacksheep.py:app", []),
    "litestar-granian": ("litestar_app:app", f"{APPS}/http_middleware_litestar.py:app", []),
    "django-bolt": ("djangobolt_app.py", f"{APPS}/http_middleware_djangobolt.py", []),
    "robyn": ("robyn_app.py", f"{APPS}/http_middleware_robyn.py", []),
}


def _with_middleware(peer: Peer) -> Peer:
    """The peer with our application for the added workload, and its own for all others."""
    substitute = SUBSTITUTES.get(peer.name)
    if substitute is None:
        return replace(peer, cannot={**peer.cannot, HTTP_MIDDLEWARE.name: "not written"})
    theirs, with_middleware, arguments = substitute
    plain: Command = peer.command

    def command(launch: Launch) -> list[str]:
        if launch.variant != VARIANT:
            return list(plain(launch))
        words = list(plain(launch))
        words[words.index(theirs)] = with_middleware
        return words + arguments

    return replace(peer, command=command)


def _calls_alone(ours: Peer) -> Peer:
    """Ours with the application that makes the search workload's calls without requests."""
    plain: Command = ours.command

    def command(launch: Launch) -> list[str]:
        words = list(plain(launch))
        words[words.index("ours_app:app")] = "search_calls:app"
        return [*words, "--app-dir", str(APPS)]

    return replace(ours, name=CALLS, command=command, note="the calls of the search workload, without HTTP")


def register() -> None:
    """Adds all of it to webbench's tables."""
    PEERS[EMBEDDED] = replace(PEERS[REFERENCE], name=EMBEDDED, venv=EMBEDDED)
    for name, peer in PEERS.items():
        PEERS[name] = _with_middleware(peer)
    PEERS[CALLS] = _calls_alone(PEERS[OURS])
    for workload in (HTTP_MIDDLEWARE, K6_SYNC):
        WORKLOADS[workload.name] = workload
    CLIENTS["wrk"] = calls_or_wrk


def main() -> None:
    """webbench's own command line, with the additions."""
    register()
    from webbench.__main__ import main as webbench

    sys.argv[0] = "webbench"
    webbench()


if __name__ == "__main__":
    main()
