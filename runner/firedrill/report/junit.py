"""JUnit XML for CI: a suite a drill, a case an expectation. Inconclusive is an <error>, a fail a <failure>, so neither is green."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from firedrill.core.plain import plain
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import JudgedDrill

_ILLEGAL = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters that no XML file may hold, such as a terminal's escapes in a program's last words (XML 1.0, section 2.2)."""


def render(drill: JudgedDrill) -> bytes:
    """One drill's file."""
    return render_all([drill])


def render_all(drills: Sequence[JudgedDrill]) -> bytes:
    """One file for several drills, in the order they were drilled."""
    root = ET.Element("testsuites", _counts([f for drill in drills for f in _cases(drill)]))
    for drill in drills:
        root.append(_suite(drill))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _cases(drill: JudgedDrill) -> Sequence[Finding]:
    """Its findings; a drill without any still has one case, so that it is never counted as nothing wrong."""
    return drill.findings or [Finding("the drill", drill.verdict, drill.reason)]


def _suite(drill: JudgedDrill) -> ET.Element:
    facts = drill.facts
    started = datetime.fromtimestamp(facts.wall, UTC).isoformat(timespec="seconds")
    head = {"name": facts.plan.experiment, "time": f"{facts.now:.3f}", "timestamp": started, "id": facts.drill}
    suite = ET.Element("testsuite", head | _counts(_cases(drill)))
    suite.extend(_case(facts.plan.experiment, one) for one in _cases(drill))
    if drill.noticed:
        ET.SubElement(suite, "system-out").text = _legal("\n".join(one.sentence for one in drill.noticed))
    return suite


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    failures = sum(one.verdict is Verdict.FAIL for one in findings)
    passes = sum(one.verdict is Verdict.PASS for one in findings)
    return {"tests": str(len(findings)), "failures": str(failures), "errors": str(len(findings) - failures - passes)}


def _case(experiment: str, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", {"classname": experiment, "name": _legal(finding.expectation)})
    if finding.verdict is not Verdict.PASS:
        tag = "failure" if finding.verdict is Verdict.FAIL else "error"
        ET.SubElement(case, tag, {"message": _legal(finding.sentence), "type": finding.verdict.word}).text = _told(finding)
    else:
        ET.SubElement(case, "system-out").text = _legal(f"{finding.sentence}\n{_evidence(finding)}")
    return case


def _told(finding: Finding) -> str:
    """What its message leaves out, a line each."""
    return _legal("\n".join((*finding.further, _evidence(finding))))


def _evidence(finding: Finding) -> str:
    return f"journal entries: {', '.join(map(str, finding.evidence)) or 'none'}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", plain(text))
