"""A small sound suite in an empty folder, to break in one place at a time, and a few kinds of our own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from firedrill.core.kinds import ExpectationKind, FaultKind, Kinds
from firedrill.core.model.declared import Count, Declared
from firedrill.core.units import Duration
from firedrill.spec.check import Checked, check


class Latency(Declared):
    target: str
    delay: Duration
    jitter: Duration = Duration(0)


class Down(Declared):
    target: str


class Nothing(Declared):
    pass


class Page(Declared):
    page: str
    to: str | None = None
    within: Duration | None = None
    times: Count | None = None
    has: tuple[str, ...] = ()

    def words(self) -> str:
        return f"page {self.page}" + (f" to {self.to}" if self.to else "") + (f" within {self.within}" if self.within else "")


class SloMet(Declared):
    slo: str
    recovered: Duration | None = None


class Exceptions(Declared):
    except_: tuple[str, ...] = ()


class Quiet(Declared):
    quiet: Exceptions | None = None


def _fault(name: str, settings: type[Declared]) -> FaultKind:
    return FaultKind(name, name, settings, lambda _: None, "")


def _expectation(name: str, declared: type[Declared]) -> ExpectationKind:
    return ExpectationKind(name, name, declared, lambda *_: None, "")


@pytest.fixture(scope="session")
def kinds() -> Kinds:
    faults = [_fault("latency", Latency), _fault("down", Down), _fault("nothing", Nothing)]
    expectations = [_expectation("page", Page), _expectation("slo", SloMet), _expectation("quiet", Quiet)]
    return Kinds({each.name: each for each in faults}, {each.name: each for each in expectations})


SOUND: Mapping[str, str] = {
    "firedrill.yaml": """\
        environments:
          local:
            system:
              addresses:
                api: 127.0.0.1:0
                bureau: 127.0.0.1:0
                bureau-proxy: 127.0.0.1:0
              start:
                - python -m demo --api <api>
              ready: http://<api>/health
            stack:
              embedded:
                rules: [alerts/demo.rules.yml]
                alertmanager: alerts/alertmanager.yml
                scrape:
                  - job: demo
                    targets:
                      - <api>
            targets:
              bureau:
                listen: <bureau-proxy>
                upstream: <bureau>
        """,
    "alerts/demo.rules.yml": """\
        groups:
          - name: demo
            rules:
              - record: demo:slow
                expr: sum(rate(slow_total[20s]))
              - alert: LatencyBudgetBurn
                expr: demo:slow > 0.1
                for: 1m30s
                labels:
                  severity: page
        """,
    "alerts/alertmanager.yml": """\
        route:
          receiver: payments-oncall
          group_wait: 1s
          routes:
            - receiver: platform
              match:
                team: platform
              group_by: [alertname]
        receivers:
          - name: payments-oncall
            webhook_configs:
              - url: https://pager.example.org/hook
          - name: platform
        """,
    "slos/negotiation-latency.yaml": """\
        apiVersion: openslo/v1
        kind: SLO
        metadata:
          name: negotiation-latency
          displayName: Offers are quoted within 300 ms
        spec:
          service: negotiation
          budgetingMethod: Occurrences
          timeWindow:
            - duration: 28d
              isRolling: true
          objectives:
            - target: 0.99
          indicator:
            spec:
              ratioMetric:
                counter: true
                good:
                  metricSource:
                    type: firedrill
                    spec:
                      load: negotiate
                      good: "duration < 300ms"
                total:
                  metricSource:
                    type: firedrill
                    spec:
                      load: negotiate
        """,
    "probes/api-health.yaml": """\
        every: 500ms
        timeout: 2s
        http:
          url: http://<api>/health
        """,
    "probes/offer_journey.py": """\
        EVERY = "1s"
        TIMEOUT: str = "2s"


        async def check(session, addresses):
            pass
        """,
    "scenarios/negotiate.py": """\
        from locust import HttpUser


        class Debtor(HttpUser):
            pass
        """,
    "experiments/slow.yaml": """\
        title: The bureau is slow
        slos: [negotiation-latency]
        probes: [offer-journey]
        load:
          scenario: negotiate
          users: 20
        faults:
          - latency:
              target: bureau
              delay: 500ms
            for: 60s
        expect:
          - page: LatencyBudgetBurn
            to: payments-oncall
            within: 45s
          - slo: negotiation-latency
            recovered: 30s
          - quiet
        """,
}

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes one file of the suite."""

    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return file

    return write


@pytest.fixture
def suite(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sound suite, with the working directory at its root."""
    for name, text in SOUND.items():
        write(name, text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def checked(suite: Path, kinds: Kinds) -> Callable[..., Checked]:
    """Checks the suite's experiments, or the paths given."""

    def checked(*paths: str, environ: Mapping[str, str] | None = None, strict_env: bool = False) -> Checked:
        return check([suite / each for each in paths or ("experiments",)], kinds, environ or {}, strict_env=strict_env)

    return checked


@pytest.fixture
def said(checked: Callable[..., Checked]) -> Callable[..., list[str]]:
    """The problems as people read them."""
    return lambda *paths, **settings: [str(each) for each in checked(*paths, **settings).problems]
