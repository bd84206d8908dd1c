"""Implementation of the routing vocabulary; the public names are in `fastrapi.compat.starlette.routing`."""
