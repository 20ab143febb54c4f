"""Where a plan asks which receivers a routing tree can lead to: the ground's own answer, under the name that the room knows."""

from firedrill.core.routing import matches, open_labels, possible_routes, static_labels

__all__ = ["matches", "open_labels", "possible_routes", "static_labels"]
