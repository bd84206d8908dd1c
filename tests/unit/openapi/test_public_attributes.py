"""Submodules that are attributes after `import fastapi` alone, without being imported for nothing."""

import subprocess
import sys
import textwrap


def test_submodules_are_imported_when_they_are_asked_for() -> None:
    code = """
        import sys
        import fastrapi

        heavy = ["fastrapi.openapi.models", "fastrapi.security.oauth2", "fastrapi.openapi.docs"]
        assert not [name for name in heavy if name in sys.modules]
        assert fastrapi.openapi.utils.get_openapi
        assert fastrapi.security.HTTPBearer
        assert fastrapi.telemetry.get_telemetry_data() is None
        assert not [name for name in sys.modules if name.startswith("opentelemetry")]
        try:
            fastrapi.missing
        except AttributeError:
            pass
        else:
            raise AssertionError
    """
    environment = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}  # they may import anything
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment)
