"""A variable that nobody sets, or a `$` that is taken for one."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds, known_names, variables

NAME = "unknown-variable"

_PLACES = ("arguments", "url", "headers", "timeout")


def look(linted: Linted) -> Iterator[Remark]:
    """Each `${name}` that names nothing, and each `$name` without braces that names something."""
    for plan in linted.plans:
        known = known_names(plan)
        for deed in deeds(plan):
            texts = {key: deed.provider[key] for key in _PLACES if key in deed.provider}
            for path, name, braced in variables(texts):
                if braced and name not in known:
                    yield deed.remark(NAME, f"provider.{path}", _unknown(name))
                elif not braced and name in known:
                    yield deed.remark(
                        NAME, f"provider.{path}", f"${name} is replaced by a variable; write $${name} to keep it, or ${{{name}}} to mean it"
                    )


def _unknown(name: str) -> str:
    return f"${{{name}}} stays as it is: nothing in the configuration or the secrets is called {name}"


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit leaves what it cannot replace, without a word: the program is handed the text `${name}`. And it replaces "
    "`$name` as well as `${name}`, in a text that was meant for a shell too; `$$` is a plain `$`.",
    look,
)
