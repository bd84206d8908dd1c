"""Builds the archive of Python modules that the standalone binary carries."""
