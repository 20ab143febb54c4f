"""`python -m firedrill.cli`, for when the entry point is not on PATH."""

from firedrill.cli import main

main()
