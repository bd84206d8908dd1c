"""Vocabularies of other frameworks, for code that imports them by name."""
