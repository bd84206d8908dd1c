"""Entry point: `fastrapi-server --app app:app --app-dir examples/search`."""

from search.application import create_app

app = create_app()
