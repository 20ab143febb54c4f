"""`quiet`: nothing else fires and nobody else is paged, from the steady phase to the drill's end.

Knows what may be excepted; how silence is judged is in judge/parts.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Declared, Texts
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both, pairs

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


class Exceptions(Declared):
    """What may be heard all the same."""

    except_: Texts = ()
    """Alerts that may fire and page; a name or a list."""
    except_to: Texts = ()
    """Receivers that may be paged, and whatever alerts they alone are told of; a name or a list."""
    except_labels: Mapping[str, str] = {}
    """Labels: an alert that carries all of them may fire and page."""


class QuietExpectation(Declared):
    """No alert fires and no page opens but those that other expectations of the file name.

    An alert that the drill's own `silences` match may fire, but not page.
    """

    quiet: Exceptions | None = None

    def words(self) -> str:
        """The expectation in one line."""
        return f"quiet except {both(parts)}" if (parts := list(self._exceptions())) else "quiet"

    def _exceptions(self) -> Iterator[str]:
        if self.quiet is not None:
            yield from self.quiet.except_
            yield from (f"to {receiver}" for receiver in self.quiet.except_to)
            yield from [f"with {pairs(self.quiet.except_labels)}"] if self.quiet.except_labels else []


def judge(declared: QuietExpectation, words: str, facts: "Facts") -> Finding:
    """Judge the silence; it stays pending while the drill runs, unless it is broken."""
    from firedrill.judge.parts.quiet import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="quiet",
    summary="Nothing else fires and nobody else is paged, from the steady phase to the end.",
    declared=QuietExpectation,
    judge=judge,
    example="- quiet\n- quiet:\n    except: [NegotiationApiDown]\n    except-labels:\n      severity: info\n",
)
