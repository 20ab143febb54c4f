"""Reports: a file a format, each `render(drill) -> bytes`, pure."""
