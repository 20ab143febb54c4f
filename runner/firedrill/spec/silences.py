"""`silences:` of an experiment: matchers that Alertmanager would take, and no silence that keeps everything quiet."""

from collections.abc import Iterator

from firedrill.core.errors import Problem
from firedrill.core.matching import matcher
from firedrill.spec.located import Document, Items, Path, Scalar, Tree, under


def problems(document: Document, tree: Tree | None, path: Path) -> Iterator[Problem]:
    """What is wrong with matchers that are texts; whatever is none is told by whoever types them."""
    for number, silence in enumerate(tree.items if isinstance(tree, Items) else ()):
        matchers = under(silence, "matchers")
        if isinstance(matchers, Items) and matchers.items:
            yield from _of_silence(document, matchers, (*path, number, "matchers"))
        comment = under(silence, "comment")
        if isinstance(comment, Scalar) and not comment.nothing and not comment.text.strip():
            yield document.problem(comment, (*path, number, "comment"), "say why, for those who find the silence at Alertmanager")


def _of_silence(document: Document, matchers: Items, path: Path) -> Iterator[Problem]:
    sound, narrow = True, False
    for number, item in enumerate(matchers.items):
        if not isinstance(item, Scalar) or item.nothing:
            return
        read = matcher(item.text)
        if read is None:
            sound = False
            yield document.problem(item, (*path, number), f"a matcher such as team = \"platform\" is expected here, not '{item.text}'")
        elif read.narrows is None:
            sound = False
            yield document.problem(
                item, (*path, number), f"the expression '{read.value}' is not understood, so nobody can say how much it silences"
            )
        else:
            narrow = narrow or read.narrows
    if sound and not narrow:
        yield document.problem(
            matchers, path, "this would silence every alert; name a value that only some alerts have, such as team = \"platform\""
        )  # fmt: skip
