"""Dependency injection: analysis of signatures at definition, solving per request."""
