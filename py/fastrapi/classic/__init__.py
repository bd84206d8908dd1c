"""The names that users of the first FastrAPI know, on top of FastAPI's."""
