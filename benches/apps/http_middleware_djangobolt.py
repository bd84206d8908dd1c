"""One Python middleware around hello, for django-bolt: settings, API and manage.py in one file."""

import os
import sys
from typing import Any

from django.conf import settings

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        ROOT_URLCONF="http_middleware_djangobolt",
        INSTALLED_APPS=["django_bolt"],
        BOLT_API=["http_middleware_djangobolt:api"],
        DATABASES={},
        LOGGING_CONFIG=None,
    )

from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException
from django_bolt.middleware import BaseMiddleware


class Gate(BaseMiddleware):
    async def process_request(self, request: Any) -> Any:
        if request.headers.get("authorization") == "Bearer revoked":
            raise HTTPException(403, "revoked")
        response = await self.get_response(request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


api = BoltAPI(middleware=[Gate], enable_logging=False, compression=False)
urlpatterns: list[object] = []


@api.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(
        [sys.argv[0], "runbolt", "--host", "127.0.0.1", "--port", os.environ["WEBBENCH_PORT"], "--no-admin"]
    )
