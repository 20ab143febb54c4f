"""From what a team declares to the time line of one drill: pure data in, pure data out."""
