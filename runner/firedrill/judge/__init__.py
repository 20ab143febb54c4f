"""Judging: pure functions from facts to findings; the same ones live, at the end, and over any recorded journal."""
