"""Plans: what a server may do for a request by itself, compiled once per route.

`compile_application` is the entry; `fastrapi.plan.model` describes what it returns. Nothing here is needed to
run an application on any other ASGI server.
"""

from fastrapi.plan.compile import compile_application
from fastrapi.plan.model import ApplicationPlan, GeneralRoute, Parameter, RoutePlan, StaticPlan

__all__ = ["ApplicationPlan", "GeneralRoute", "Parameter", "RoutePlan", "StaticPlan", "compile_application"]
