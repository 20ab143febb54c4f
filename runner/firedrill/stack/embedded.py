"""A Prometheus and an Alertmanager of the drill's own, configured from the suite's files, on free ports, gone with the drill.

Knows their files, flags and how they say that they are ready; refuses to know what the rules mean.

Prometheus hands its targets and its Alertmanager to those who use them on a ticker of 5 s that no flag changes, so for the
first 5 s it neither scrapes nor sends; an alert that fires in that time is dropped and sent again only after the resend delay.
`connected` waits for it. The resend delay stays Prometheus's own, a minute, where a suite does not shorten it: a notification that is
lost then costs a drill what it would cost in production, and no shorter end is given to alerts whose Prometheus has died.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import psutil
import yaml

from firedrill.core import kubernetes, private
from firedrill.core.errors import FiredrillError, Invalid, Problem
from firedrill.core.model.suite import Embedded, Scrape
from firedrill.core.phase import known_as
from firedrill.stack import addresses as named
from firedrill.stack import install, waiting
from firedrill.stack.capture import Sinks, capture
from firedrill.stack.waiting import Running

READY_WITHIN = 30.0
CONNECTED_WITHIN = 20.0
TRIES = 3
PORTS: Mapping[str, str] = MappingProxyType({"prometheus": "127.0.0.1:0", "alertmanager": "127.0.0.1:0"})
"""The addresses of both, free ports for the choosing."""
UNCHOSEN: Mapping[str, str] = MappingProxyType({})
MARKED = "drill"
"""The external label that holds a drill's mark."""
_LOADING = re.compile(r"(?:Loading configuration file failed|error loading configuration file): ")
"""As Alertmanager says it up to 0.32, and since."""
_IN_USE = "address already in use"


@dataclass(frozen=True, slots=True)
class Files:
    """The configuration used: where it stands, and which original each copied rule file came from."""

    folder: Path
    alertmanager: Path
    prometheus: Path
    rules: Mapping[Path, str]
    receivers: tuple[str, ...]
    silent: frozenset[tuple[str, str, int]] = frozenset()
    routes: str = "alertmanager.yml"
    """The original of the rewritten alertmanager.yml, as firedrill.yaml names it."""

    def original(self, words: str) -> str:
        """`words` with the names that people know for the files we copied."""
        for copied, declared in self.rules.items():
            words = words.replace(str(copied), declared).replace(str(copied.relative_to(self.folder)), declared)
        return words

    def refused(self, log: str) -> Invalid | None:
        """The user's file that a program ended over, as its log says; None when it ended over something else."""
        said = [self.original(words) for words in waiting.errors(log)]
        for declared in self.rules.values():
            for words in said:
                if found := re.search(rf"(?<![\w./]){re.escape(declared)}: (?:(\d+):(\d+): )?(.*)", words, re.DOTALL):
                    line, column = (int(found[1]), max(int(found[2]), 1)) if found[1] and found[1] != "0" else (1, 1)
                    return Invalid([Problem(declared, line, column, "", f"Prometheus refuses this: {found[3].strip()}")])
        return refused_routes(said, self.routes)


def refused_routes(said: Sequence[str], declared: str) -> Invalid | None:
    """As `Files.refused`, for what Alertmanager logs; its places are those of the rewritten file, so that none is told."""
    loading = (words[found.end() :] for words in said if (found := _LOADING.match(words)))
    why = next(loading, None)
    return None if why is None else Invalid([Problem(declared, 1, 1, "", f"Alertmanager refuses this: {why}")])


class EmbeddedStack:
    """The running pair; `prometheus` and `alertmanager` are base URLs without a slash at the end."""

    def __init__(self, files: Files, settings: Embedded, ports: Mapping[str, str], logs: Path, mark: str = "") -> None:
        self.prometheus, self.alertmanager = f"http://{ports['prometheus']}", f"http://{ports['alertmanager']}"
        self.prometheus_log, self.alertmanager_log = logs / "prometheus.log", logs / "alertmanager.log"
        self.config, self.receivers, self.silent = files.folder, files.receivers, files.silent
        self.rules_url, self.samples_within, self.resend = "", 0.0, None
        self._files, self._settings, self._ports, self._mark = files, settings, ports, mark
        self._running: list[Running] = []
        self._commands: dict[str, tuple[Running, list[str]]] = {}

    @classmethod
    async def start(
        cls, root: Path, settings: Embedded, addresses: Mapping[str, str], sinks: Sinks, directory: Path, results: Path, logs: Path,
        ports: Mapping[str, str] = UNCHOSEN, mark: str = "",
    ) -> Self:  # fmt: skip
        """Start both and wait until both are ready, Alertmanager first.

        `sinks` is where receivers are pointed, `directory` an empty folder for their data. The configuration
        used is left in results/config. `ports` are their addresses where somebody knows them already; else they are chosen, and chosen
        again if somebody else takes one. `mark` is put into every message. FiredrillError in the program's own words if it does not start.
        """
        programs = await asyncio.to_thread(install.programs)
        directory, config, logs = _folders(directory, results / "config", logs)
        files = write_files(root, settings, sinks, config, programs["alertmanager"].version)
        for left in reversed(range(1 if ports else TRIES)):
            stack = cls(files, settings, ports or named.choose(PORTS), logs, mark)
            if await stack._up(programs, addresses, directory, last=not left):
                break
        return stack

    async def _up(self, programs: Mapping[str, install.Program], addresses: Mapping[str, str], directory: Path, last: bool) -> bool:
        """True when both are ready, False when somebody else took a port meanwhile and another try is left."""
        try:
            await self._start_alertmanager(programs["alertmanager"], directory)
            await self._start_prometheus(programs["prometheus"], directory, addresses)
        except BaseException as error:
            taken = isinstance(error, FiredrillError) and any(_IN_USE in program.said() for program in self._running)
            await self.stop()
            if last or not taken:
                raise
            return False
        return True

    async def _start_alertmanager(self, program: install.Program, directory: Path) -> None:
        argv = alertmanager_argv(program.path, self._files.alertmanager, directory / "alertmanager", self._ports["alertmanager"])
        await self._begin("alertmanager", argv, self.alertmanager_log, directory, self.alertmanager)

    async def _start_prometheus(self, program: install.Program, directory: Path, addresses: Mapping[str, str]) -> None:
        # Named from the folder it runs in: when a group is evaluated hangs on its file's name, and is so the same in every drill.
        rules = [path.relative_to(self._files.folder) for path in self._files.rules]
        at = named.fill(self._settings.alertmanager_at or self._ports["alertmanager"], addresses)
        document = prometheus_document(self._settings, rules, addresses, at, self._mark)
        private.write(self._files.prometheus, yaml.safe_dump(document, sort_keys=False))
        argv = prometheus_argv(program.path, Path(self._files.prometheus.name), directory / "prometheus", self._ports["prometheus"])
        argv.append(f"--rules.alert.resend-delay={self._settings.resend_delay}")
        await self._begin("prometheus", argv, self.prometheus_log, self._files.folder, self.prometheus)

    async def _begin(self, name: str, argv: list[str], log: Path, cwd: Path, url: str) -> None:
        program = await waiting.start(name.capitalize(), argv, log, cwd)
        self._running.append(program)
        self._commands[name] = (program, argv)
        if trouble := await waiting.answers(f"{url}/-/ready", READY_WITHIN, program.died):
            raise self._files.refused(program.said()) or FiredrillError(self._files.original(trouble))

    def pid(self, name: str) -> int:
        """Of the program `prometheus` or `alertmanager` itself, which its keeper started."""
        program, argv = self._commands[name]
        keeper = psutil.Process(program.child.process.pid)
        return next(int(each.pid) for each in keeper.children() if each.cmdline() == argv)

    def sessions(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        """One to ask Prometheus, one to ask Alertmanager."""
        return aiohttp.ClientSession(), aiohttp.ClientSession()

    async def connected(self, within: float = CONNECTED_WITHIN) -> None:
        """Wait until Prometheus sends to our Alertmanager and knows all its targets, about 5 s after it started.

        Before that no alert should fire and nothing is scraped; what waits for history need not call it.
        """
        expected = sum(len(scrape.targets) for scrape in self._settings.scrape)
        async with aiohttp.ClientSession(self.prometheus, timeout=aiohttp.ClientTimeout(total=5)) as session:
            deadline = asyncio.get_running_loop().time() + within
            while not await self._knows(session, expected):
                if asyncio.get_running_loop().time() > deadline:
                    raise FiredrillError(f"after {within:g} s Prometheus still did not know its {expected} targets and its Alertmanager")
                await asyncio.sleep(waiting.PAUSE)

    async def _knows(self, session: aiohttp.ClientSession, expected: int) -> bool:
        if trouble := self.died():
            raise FiredrillError(trouble)
        try:
            senders = await _data(session, "/api/v1/alertmanagers")
            targets = await _data(session, "/api/v1/targets?state=active")
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
            return False
        return bool(senders["activeAlertmanagers"]) and len(targets["activeTargets"]) >= expected

    def died(self) -> str | None:
        """None while both run; else a sentence naming the program that ended, with its last words."""
        words = "; ".join(trouble for program in self._running if (trouble := program.died()))
        return self._files.original(words) or None

    async def stop(self) -> None:
        """End both; safe to call again."""
        await asyncio.gather(*(program.child.stop() for program in self._running))


def _folders(*folders: Path) -> list[Path]:
    """All there, and as open as the last of them, the logs'."""
    *_, logs = folders
    for folder in folders:
        private.folder(folder, logs.stat().st_mode & 0o044 if logs.exists() else 0)
    return [folder.absolute() for folder in folders]


async def _data(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        return (await response.json())["data"]


def write_files(root: Path, settings: Embedded, sinks: Sinks, folder: Path, version: str = "") -> Files:
    """Write the rule files and the rewritten alertmanager.yml into `folder`; prometheus.yml is written at each start.

    What a Kubernetes resource carries is taken out of it. `version` is that of the Alertmanager that will read it.
    """
    original = root / settings.alertmanager
    source = _read(original, settings.alertmanager)
    told, carried = _plain(kubernetes.plain_alertmanager, source, settings.alertmanager), kubernetes.templates(source)
    home = _written(carried, folder) if carried else original.parent
    caught = capture(told, sinks, settings.alertmanager, str(home.absolute()), version, settings.replace)
    used = folder / "alertmanager.yml"
    head = f"# {settings.alertmanager}, with its receivers pointed at firedrill's sink and nothing else changed."
    private.write(used, f"{head}\n{caught.text}")
    return Files(
        folder, used, folder / "prometheus.yml", _copied_rules(root, settings.rules, folder / "rules"), caught.receivers, caught.silent,
        settings.alertmanager,
    )  # fmt: skip


def refuse_uncaught(root: Path, settings: Embedded) -> None:
    """Invalid names, before anything starts, receivers that the installed Alertmanager does not know or that cannot be captured."""
    program = install.find("alertmanager")
    told = _plain(kubernetes.plain_alertmanager, _read(root / settings.alertmanager, settings.alertmanager), settings.alertmanager)
    capture(told, Sinks(""), settings.alertmanager, version=program.version if program else "", replace=settings.replace)


def _copied_rules(root: Path, rules: Sequence[str], folder: Path) -> dict[Path, str]:
    private.folder(folder, folder.parent.stat().st_mode & 0o044)
    copied: dict[Path, str] = {}
    for declared, known in zip(rules, known_as(rules), strict=True):
        target = folder.parent / known
        private.write(target, _plain(kubernetes.plain_rules, _read(root / declared, declared), declared))
        copied[target] = declared
    return copied


def _written(templates: Mapping[str, str], folder: Path) -> Path:
    """The folder from which a configuration finds the templates that were in its Secret."""
    for name, text in templates.items():
        inner = private.folder(folder / "templates", folder.stat().st_mode & 0o044)
        private.write(inner / Path(name).name, text)
    return folder


def _plain(unwrap: Callable[[str], str], text: str, declared: str) -> str:
    try:
        return unwrap(text)
    except ValueError as error:
        raise FiredrillError(f"{declared} of the embedded stack: {error}") from None


def _read(path: Path, declared: str) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FiredrillError(f"{declared} of the embedded stack cannot be read: {why}") from None


def prometheus_document(
    settings: Embedded, rules: Sequence[Path], addresses: Mapping[str, str], alertmanager: str, mark: str = ""
) -> dict[str, Any]:
    """prometheus.yml as data. A scrape may take as long as the interval at most, or Prometheus refuses the file.

    `mark` becomes an external label: every alert gets it alike on its way to Alertmanager, where it therefore splits no group and parts
    no inhibition. Rules do not see it, and an alert that has a label of that name keeps its own.
    """
    return {
        "global": {
            "scrape_interval": str(settings.scrape_interval),
            "scrape_timeout": str(min(settings.scrape_interval, type(settings.scrape_interval)(10))),
            "evaluation_interval": str(settings.evaluation_interval),
        }
        | ({"external_labels": {MARKED: mark}} if mark else {}),
        "rule_files": [str(path) for path in rules],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [_job(scrape, addresses) for scrape in settings.scrape],
    }


def _job(scrape: Scrape, addresses: Mapping[str, str]) -> dict[str, Any]:
    targets = [named.fill(target, addresses) for target in scrape.targets]
    return {"job_name": scrape.job, "metrics_path": scrape.path, "static_configs": [{"targets": targets}]}


def prometheus_argv(program: Path, config: Path, data: Path, address: str) -> list[str]:
    return [
        str(program), f"--config.file={config}", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=6h",
        f"--web.listen-address={address}", f"--web.external-url=http://{address}", "--log.level=info",
    ]  # fmt: skip


def alertmanager_argv(program: Path, config: Path, data: Path, address: str) -> list[str]:
    """Without a cluster, whose gossip would delay notifications; its debug log holds the only times of receiving and flushing."""
    return [
        str(program), f"--config.file={config}", f"--storage.path={data}", "--cluster.listen-address=",
        f"--web.listen-address={address}", f"--web.external-url=http://{address}", "--log.level=debug",
    ]  # fmt: skip
