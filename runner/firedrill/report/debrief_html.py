"""debrief.html: a game day on one page that needs no server, no network and no script, on a phone, on a wall, on paper."""

from firedrill.report.debrief import Story
from firedrill.report.words import MARKS, seconds


def render(story: Story) -> bytes:
    """The page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = Environment(
        loader=PackageLoader("firedrill.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters.update(seconds=seconds, role=lambda name: name.replace("-", " "))
    return page.get_template("debrief.html.j2").render(story=story, day=story.day, marks=MARKS).encode()
