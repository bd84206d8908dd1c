"""`python -m fastrapi` (and `python -m fastapi` in drop-in mode)."""

from fastrapi.cli import main

main()
