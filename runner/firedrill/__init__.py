"""firedrill proves that a team's alerts page, and that its response works, before users need them."""

__version__ = "0.1.0"
