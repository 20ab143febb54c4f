"""Kinds that other packages bring: a sound one is as good as a built-in, a broken one is a sentence that names it and its package."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firedrill.cli import main
from firedrill.cli.registry import all_kinds, kinds
from firedrill.core.errors import Refused
from firedrill.core.events import DrillEnded, DrillStarted, Entry, FaultActive, PhaseEntered
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault
from firedrill.core.verdicts import Verdict
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude

SOUND = '''
from firedrill.core.kinds import ExpectationKind, FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.verdicts import Finding, Verdict


class Gremlins(Declared):
    """Gremlins get into a target."""

    target: str
    many: int = 1


class Calm(Declared):
    """Nobody loses their temper."""

    calm: str

    def words(self):
        return f"{self.calm} stays calm"


def wire(settings):
    return {"type": "latency", "stream": "downstream", "attributes": {"latency": settings.many, "jitter": 0}}


def judge(declared, words, facts):
    return Finding(words, Verdict.PASS, f"{declared.calm} stayed calm.", (facts.started_seq,))


SHOWN = "- gremlins:\\n    target: bureau\\n  for: 5s\\n"
FAULT = FaultKind(name="gremlins", summary="Gremlins.", settings=Gremlins, wire=wire, example=SHOWN)
EXPECTATION = ExpectationKind(name="calm", summary="Calm.", declared=Calm, judge=judge, example="- calm: alice\\n")
'''
POINTS = "[firedrill.faults]\ngremlins = acme_chaos:FAULT\n[firedrill.expectations]\ncalm = acme_chaos:EXPECTATION\n"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(module: str, points: str = POINTS, name: str = "acme-chaos") -> Path:
        """A package as pip leaves it: a module, and beside it what says which entry points it has."""
        place, stem = tmp_path / f"site-{name}", name.replace("-", "_")
        info = place / f"{stem}-1.2.dist-info"
        info.mkdir(parents=True)
        (place / f"{stem}.py").write_text(module, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        monkeypatch.syspath_prepend(str(place))
        monkeypatch.delitem(__import__("sys").modules, stem, raising=False)
        return place

    return put


@pytest.fixture
def suite(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = tmp_path / "suite"
    shutil.copytree(root / "tests" / "suite", copied)
    monkeypatch.chdir(copied)
    return copied


def firedrill(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and all that was said."""
    code = 0
    try:
        main(words)
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 0
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_fault_and_an_expectation_of_another_package_are_found_by_their_entry_points(
    install: Install, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(SOUND)
    file = suite / "experiments" / "gremlins.yaml"
    text = (suite / "experiments" / "latency.yaml").read_text(encoding="utf-8")
    begin, end = text.index("faults:"), text.index("expect:")
    gremlins = "faults:\n  - gremlins:\n      target: bureau\n      many: 300\n    for: 3s\n\n"
    file.write_text(f"{text[:begin]}{gremlins}{text[end:]}  - calm: alice\n", encoding="utf-8")
    code, said = firedrill(capsys, "validate", "experiments/gremlins.yaml")
    assert code == 0, said
    code, said = firedrill(capsys, "plan", "experiments/gremlins.yaml")
    assert (code, "gremlins" in said, "alice stays calm" in said) == (0, True, True), said
    code, said = firedrill(capsys, "catalog")
    assert (code, "gremlins: Gremlins." in said, "calm: Calm." in said) == (0, True, True)


def test_an_expectation_of_another_package_is_judged_from_the_journal(install: Install) -> None:
    install(SOUND)
    calm = PlannedExpectation(kind="calm", declared={"calm": "alice"}, words="alice stays calm", place="x.yaml:1")
    fault = PlannedFault(name="gremlins", kind="gremlins", target="bureau", at=0, lasts=1, settings={}, wire={"type": "latency"})
    plan = Plan(experiment="x", file="x.yaml", title="x", environment="local", steady=1, faults=(fault,), expectations=(calm,))
    started = DrillStarted(1, "x-1", "x", "local", plan.model_dump(mode="json", by_alias=True), 1.0, {})
    events = (started, PhaseEntered("play"), FaultActive("gremlins"), PhaseEntered("recover"), DrillEnded("finished"))
    drill = conclude(fold(Entry(n, float(n), "engine", None, event) for n, event in enumerate(events, 1)), kinds())
    assert (drill.findings[0].verdict, drill.findings[0].sentence) == (Verdict.PASS, "alice stayed calm.")


IMPORTS = "import no_such_module_anywhere\n"
BROKEN = [
    (IMPORTS, "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
    ("raise SystemExit('not today')\n", "cannot be imported: SystemExit: not today"),
    ("def broken(:\n", "cannot be imported: SyntaxError"),
    ("OTHER = 1\n", "cannot be imported: AttributeError"),
    ("FAULT = EXPECTATION = 5\n", "is no FaultKind but an int"),
    (SOUND + "\nFAULT, EXPECTATION = EXPECTATION, FAULT\n", "is no FaultKind but an ExpectationKind"),
    (SOUND.replace('name="gremlins"', 'name="latency"'), "it brings the kind 'latency', which firedrill itself brings too"),
    (SOUND.replace("settings=Gremlins", "settings=dict"), "its settings is no subclass of firedrill.core.model.declared.Declared"),
    (SOUND.replace("def words(self)", "def said(self)"), "Calm has no method `words`"),
    (SOUND.replace('example="- calm', 'example=5 or "- calm'), "its example is no text"),
]


@pytest.mark.parametrize(("module", "why"), BROKEN)
def test_a_broken_package_is_a_sentence_that_names_it(module: str, why: str, install: Install) -> None:
    install(module)
    with pytest.raises(Refused) as refused:
        kinds()
    first, *_ = [line for line in str(refused.value).splitlines() if why in line] or [str(refused.value)]
    assert why in first
    assert first.startswith("the package acme-chaos 1.2 cannot be used (entry point ")


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "experiments/latency.yaml"), ("run", "experiments/latency.yaml"), ("compile", "experiments/latency.yaml"), ("schema",),
        ("validate", "experiments/latency.yaml"), ("catalog",), ("catalog", "--json"), ("judge", "latency"), ("report", "latency"),
        ("explain", "latency"), ("gameday", "gamedays/first.yaml"), ("debrief", "results"), ("serve",),
    ],
)  # fmt: skip
def test_no_command_meets_it_with_a_traceback(words: tuple[str, ...], install: Install, suite: Path, capsys: Any) -> None:
    install(IMPORTS)
    code, said = firedrill(capsys, *words)
    assert code in (2, 3)
    assert "Traceback" not in said
    if words[0] not in ("gameday", "debrief", "serve", "judge", "report", "explain"):  # those that miss their argument first say so
        assert "the package acme-chaos 1.2 cannot be used" in said


def test_validate_and_catalog_go_on_without_it(install: Install, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(IMPORTS)
    code, said = firedrill(capsys, "validate", "experiments/latency.yaml")
    assert (code, "1 experiment understood" in said, said.count("no_such_module_anywhere")) == (2, True, 2), said
    code, said = firedrill(capsys, "catalog", "--json")
    told = json.loads(said[: said.rindex("}") + 1])
    assert (code, len(told["broken"]), "latency" in {one["name"] for one in told["faults"]}) == (2, 2, True)


def test_of_two_packages_with_one_name_the_second_is_broken_and_names_the_first(install: Install) -> None:
    install(SOUND)
    install(SOUND, POINTS.replace("acme_chaos", "bolt_chaos"), "bolt-chaos")
    known = all_kinds()
    assert "gremlins" in known.kinds.faults
    assert len(known.broken) == 2
    assert "the package bolt-chaos 1.2 cannot be used" in known.broken[0]
    assert "which the package acme-chaos 1.2 brings too" in known.broken[0]


def test_a_fault_that_breaks_when_it_is_planned_is_a_sentence_too(install: Install) -> None:
    install(SOUND.replace('return {"type": "latency"', 'return {}["nothing"] or {"type": "latency"'))
    with pytest.raises(
        Refused, match=r"the kind of fault 'gremlins', which the package acme-chaos 1\.2 brings, broke: KeyError: 'nothing'"
    ):
        kinds().faults["gremlins"].wire(None)
