"""firedrill.yaml: the environments a suite drills, what a fault may touch there, and the limits.

In these texts `<name>` stands for an address of `system.addresses`, `<sink>` for firedrill's own receiver, and `<prometheus>` and
`<alertmanager>` for those of an embedded stack.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from firedrill.core.model.declared import Count, Declared, Flag, HttpError, Mark, Texts
from firedrill.core.model.guards import Guard
from firedrill.core.units import Duration, Ratio


class System(Declared):
    """The system under drill, when the drill starts it; leave it out for a system that outlives the drill."""

    addresses: Mapping[str, str] = {}
    """Names for addresses, `host:port`; port 0 is a free port chosen for each drill."""
    start: tuple[str, ...] = ()
    """Commands, split as a shell would split them but run without one; each ends with the drill."""
    ready: str | None = None
    """A URL that answers 200 once the system can be used."""
    within: Duration = Duration(30)
    """How long the system may take to be ready."""
    tokens: tuple[str, ...] = ()
    """Names of environment variables that hold tokens of the system's own; a drill draws those that are not set, for the system and for
    whoever follows a runbook.
    """


class Scrape(Declared):
    """One scrape job of the embedded Prometheus."""

    job: str
    targets: tuple[str, ...]
    """`<name>` or `host:port`; `<probes>` is what firedrill's own probes export."""
    path: str = "/metrics"


class Ailment(Declared):
    """How a receiver misbehaves, for drills of a pager that is broken."""

    answers: HttpError | None = None
    """The HTTP status with which it refuses every message, 400 to 599."""
    delays: Duration | None = None
    """How long it takes to take a message."""


class Watchdog(Declared):
    """A dead man's switch: an alert that always fires, and whose silence pages. firedrill's sink plays the service that listens for it."""

    alert: str
    """The alert that always fires."""
    receiver: str
    """The receiver of alertmanager.yml that is told of it, again and again, and of nothing else."""
    within: Duration
    """How long no message may come before a page opens; the first message arms it."""


class Embedded(Declared):
    """A Prometheus and an Alertmanager that each drill starts for itself."""

    rules: tuple[str, ...]
    """Rule files, from the suite's root."""
    alertmanager: str
    """The alertmanager.yml under test, from the suite's root; only where its receivers send to is changed."""
    replace: tuple[str, ...] = ()
    """Kinds of receiver, such as `pushover`, that become webhooks because a drill cannot catch them."""
    scrape: tuple[Scrape, ...]
    receivers: Mapping[str, Ailment] = {}
    """Receivers that misbehave, by name; firedrill's sink answers in their place."""
    watchdog: Watchdog | None = None
    """Who pages when the monitoring itself dies."""
    alertmanager_at: str | None = None
    """Where Prometheus is told to find Alertmanager, `host:port` or `<name>`; where it really is when left out. Another address is out of
    reach.
    """
    resend_delay: Duration = Duration(60)
    """How often Prometheus tells Alertmanager again of what fires. What is not told for four of them is over for Alertmanager."""
    scrape_interval: Duration = Duration(1)
    evaluation_interval: Duration = Duration(1)


class Server(Declared):
    """A server of yours and how it is asked. Secrets are named by the environment variable that holds them, never written."""

    url: str
    """Where it is, with any path before `/api`, such as Mimir's `/prometheus`."""
    token: str | None = None
    """Name of the environment variable that holds a bearer token."""
    username: str | None = None
    """For basic authentication; goes with `password`."""
    password: str | None = None
    """Name of the environment variable that holds the password."""
    cert: str | None = None
    """Our certificate for mutual TLS, a PEM file from the suite's root; goes with `key`."""
    key: str | None = None
    """The certificate's key, a PEM file from the suite's root."""
    ca: str | None = None
    """Whose certificates the server's must be signed by, a PEM file from the suite's root; the system's own when left out."""

    @property
    def asks(self) -> bool:
        """Whether it wants to know who asks."""
        return any(one is not None for one in (self.token, self.username, self.cert))


class Door(Declared):
    """Where firedrill's sink listens for the `drill` route of your Alertmanager (`firedrill stack route`)."""

    listen: str
    """`host:port`; a port of its own, as the Alertmanager is told it once."""
    url: str | None = None
    """How the Alertmanager reaches it; `http://` and `listen` when left out."""
    token: str | None = None
    """Name of the environment variable that holds the token which every notification must bring; needed beyond loopback."""
    pager: str | None = None
    """Name of the environment variable that holds the token with which your own pager tells the drill, at `/desk/events`, whom it told and
    who answered; firedrill's own desk rests then.
    """


class PagerApi(Declared):
    """A pager that your Alertmanager tells, asked for its own incidents or alerts."""

    token: str
    """Name of the environment variable that holds an API token that may read."""
    url: str | None = None
    """Its API, when it is another than the pager's usual one, such as Opsgenie's in the European Union."""


class Pages(Declared):
    """How pages are seen: one of these."""

    sink: Door | None = None
    pagerduty: PagerApi | None = None
    opsgenie: PagerApi | None = None

    @property
    def pager(self) -> tuple[str, PagerApi] | None:
        """The pager that is asked, with its name."""
        return next(((name, api) for name, api in (("pagerduty", self.pagerduty), ("opsgenie", self.opsgenie)) if api is not None), None)


class External(Declared):
    """A Prometheus and an Alertmanager that run already; a drill asks them and changes nothing of theirs."""

    prometheus: Server
    alertmanager: Server
    pages: Pages
    rules: tuple[str, ...] = ()
    """Local copies of the rule files, from the suite's root; without them `firedrill run` asks for the rules."""
    rules_url: str | None = None
    """Where the rules are evaluated, when that is not `prometheus`: vmalert's URL. It is asked with the same credentials."""
    samples_within: Duration = Duration(0)
    """How long after an evaluation its ALERTS samples can be read at the latest: 0s for Prometheus; for vmalert, which writes them to
    VictoriaMetrics, some 10s, as a new series is not found at once.
    """
    alertmanager_config: str | None = None
    """A local copy of alertmanager.yml, from the suite's root; without it `firedrill run` asks for it."""
    scrape_interval: Duration = Duration(60)
    """What the rules' series are scraped at; a drill notes when the Prometheus says otherwise."""
    evaluation_interval: Duration = Duration(60)
    """How often rules are evaluated where their group says nothing; a drill notes when the Prometheus says otherwise."""


class Stack(Declared):
    """The Prometheus and Alertmanager in use: one of the two."""

    embedded: Embedded | None = None
    external: External | None = None

    @property
    def used(self) -> Embedded | External:
        """The one that the file gives."""
        used = self.embedded or self.external
        assert used is not None, "a stack without either is refused when the file is read"
        return used


class Process(Declared):
    """How a process of this machine is found, by one of the first four, and how it comes back when a fault ended it."""

    name: str | None = None
    """Its name as the kernel has it (`comm`, 15 bytes)."""
    pid_file: str | None = None
    """A file that holds its pid, from the suite's root."""
    port: str | None = None
    """`host:port` or `<name>` of a TCP address at which it listens."""
    unit: str | None = None
    """A unit of systemd, whose main process it is; it comes back by `systemctl start`."""
    all: Flag = False
    """Several processes may fit, and all of them are meant; otherwise more than one is an error."""
    start: str | None = None
    """A command that is the process, as in `system.start`: the drill starts it again, and it ends with the drill."""
    restart_with: str | None = None
    """A command that has its own supervisor start it, and returns within 4 s."""
    supervised: Flag = False
    """Its supervisor starts it again by itself."""

    @property
    def comes_back(self) -> bool:
        """Whether a fault may end it."""
        return bool(self.start or self.restart_with or self.unit or self.supervised)


class Dns(Declared):
    """A small DNS server on UDP and TCP that the drill runs, for whoever is pointed at it. What it answers is never to be cached."""

    listen: str
    """`host:port` or `<name>` where it answers."""
    answers: Mapping[str, Texts] = {}
    """IPv4 and IPv6 addresses by name, such as `bureau.test: 127.0.0.1`."""
    upstream: str | None = None
    """`host:port` of the DNS server that is asked for every other name; without it they do not exist (NXDOMAIN)."""


class Tls(Declared):
    """A forward that ends TLS, with a certificate of an authority that each drill makes: `<TARGET-ca>` is its file, in PEM."""

    listen: str
    """`host:port` or `<name>` where it takes TLS."""
    upstream: str
    """`host:port` or `<name>` of the server, which speaks plain TCP."""
    host: str
    """The name or IP address for which its certificate is good."""


class Network(Declared):
    """A network interface of this machine. Its faults need root, or CAP_NET_ADMIN and CAP_SYS_ADMIN."""

    interface: str
    namespace: str | None = None
    """The network namespace it is in: a name that `ip netns` lists, or a path such as /proc/PID/ns/net; firedrill's own when left out."""
    even_our_own: Flag = False
    """Whether it may be broken though it is in firedrill's own namespace and is loopback or has an address: firedrill may need it."""


KINDS = ("toxiproxy", "process", "machine", "directory", "stack", "receiver", "dns", "tls", "network")
"""Keys of a target that is something else than an address with a proxy; it has one of them, which is its kind."""


class Target(Declared):
    """Something a fault may act on: a TCP address with a fault proxy in front of it, or one of the kinds below."""

    upstream: str | None = None
    """Where the proxy forwards to; given when the drill starts the proxy itself."""
    listen: str | None = None
    """Where the proxy listens, so that the system can be pointed at it."""
    proxy: str | None = None
    """The control URL of a `firedrill proxy` that outlives the drill, instead of the two above."""
    token: str | None = None
    """Name of the environment variable that holds that proxy's token."""
    process: Process | None = None
    """A process of this machine."""
    stack: Literal["prometheus", "alertmanager"] | None = None
    """That process of the embedded stack."""
    receiver: str | None = None
    """A receiver of alertmanager.yml, for which firedrill's sink answers."""
    dns: Dns | None = None
    """A DNS server that the drill runs."""
    tls: Tls | None = None
    """A TCP address with TLS in front of it."""
    network: Network | None = None
    """A network interface of this machine."""
    machine: Literal["this"] | None = None
    """This machine as a whole: its processors and its memory."""
    directory: str | None = None
    """A folder, from the suite's root, whose file system is meant."""
    toxiproxy: str | None = None
    """The URL of a Toxiproxy that runs already, such as http://127.0.0.1:8474."""
    as_: str | None = None
    """The name of the target's proxy at that Toxiproxy; the target's own when left out."""
    protocol: Literal["tcp", "http"] = "tcp"
    """What its proxy reads: `http` for faults on single requests and answers, beside those on connections."""

    @property
    def kind(self) -> str:
        """What it is, in a word: kinds of fault say on which they act."""
        own = next((kind for kind in KINDS if getattr(self, kind) is not None), None)
        return own or ("http" if self.protocol == "http" else "forward")

    @property
    def proxied(self) -> bool:
        """Whether it is an address with a fault proxy in front of it."""
        return self.kind in {"forward", "http"}


class Limits(Declared):
    """The blast radius: what breaks a limit is refused before anything starts."""

    faults: tuple[str, ...] | None = None
    """Kinds of fault allowed; all when left out."""
    targets: tuple[str, ...] | None = None
    """Targets that faults may touch; all of the environment's when left out."""
    longest_fault: Duration = Duration(600)
    at_most: Mapping[str, str] = {}
    """How bad a fault may be: `latency.delay: 2s`; each key is a kind and one of its settings, each value is written as that setting."""
    at_once: Count | None = None
    """How many faults may be active at the same time, by the time line."""
    hours: Texts = ()
    """When drills may run: times of day such as `09:00-17:00`, in `timezone`; a drill that would last longer is refused too."""
    days: Texts = ()
    """On which days, such as `mon-fri` or `sat`; every day when left out."""
    timezone: str = "UTC"
    """Of the hours and days, such as `Europe/Berlin`."""
    error_budget: Ratio | None = None
    """The share of its error budget that each SLO of an experiment must have left, over the SLO's own window, before a drill starts.
    The environment's Prometheus is asked; what it cannot tell is refused.
    """
    methods: Literal["allow", "refuse"] = "refuse"
    """Whether Chaos Toolkit's own actions, which can touch anything, may run."""
    silences: Literal["allow", "refuse"] | None = None
    """Whether drills may make silences at Alertmanager; when left out, at an embedded one only."""


class Live(Declared):
    """The live page of drills here."""

    listen: str = "127.0.0.1:0"
    """`host:port`; beyond loopback only where it says so."""
    token: str | None = None
    """Name of the environment variable that holds the token of whoever may act; a drill draws one when left out."""
    watch: Literal["token", "anyone"] = "token"
    """Who may watch: whoever has the token, or anyone who reaches it."""


class Announce(Declared):
    """Who hears that a drill begins and ends here."""

    webhook: str
    """Name of the environment variable that holds the URL, to which JSON is posted."""
    required: Flag = True
    """Whether a drill whose start cannot be announced ends before anything is injected."""


class Environment(Declared):
    """One place to drill."""

    system: System = System()
    stack: Stack
    targets: Mapping[str, Target] = {}
    limits: Limits = Limits()
    links: tuple[str, ...] = ()
    """Hosts whose links in messages are fetched, to see whether they answer: `host`, `host:port` or `loopback`; none when left out."""
    abort_when: tuple[Guard, ...] = ()
    """What aborts every drill here, beside what its experiment says."""
    oncall: str | None = None
    """The file that says who is on call, from the suite's root, such as `oncall.yaml`; without it no page reaches anybody by name."""
    hooks: Texts = ()
    """Names of status pages and ticket systems that firedrill's sink plays, each at `http://<sink>/hooks/NAME`."""
    mark: Mark = ""
    """A word such as DRILL that is put into every message of a drill, as the external label `drill` of an embedded Prometheus."""
    announce: Announce | None = None
    """Who hears that a drill begins and ends."""
    live: Live = Live()
    """The live page, for `run --live` and game days."""
    confirm: Flag = False
    """Ask before drilling here, though it is the environment `local`; any other is asked about always."""


class Allowed(Declared):
    """Something that a lint says and that is meant to be so."""

    lint: Literal[
        "cannot-pass", "over-100", "late-record", "for-too-long", "short-history", "nobody-told", "unreachable-route", "hidden-page",
        "idle-inhibition", "late-resolve", "no-runbook", "unexercised",
        "unjudged-tolerance", "idle-timeout", "no-timeout", "shell-arguments", "shown-secret",
        "literal-secret", "unknown-variable", "two-numbers",
        "same-name", "idle-dry", "form-body", "no-rollbacks", "first-miss", "silent-configuration", "no-value", "good-error",
        "given-at-deployment", "not-a-vector", "same-labels", "label-left-out",
    ]  # fmt: skip
    of: str | None = None
    """The alert, receiver or experiment that it is said of; all of them when left out."""
    because: str
    """Why it is meant, for whoever reads it next."""


class Lint(Declared):
    """What `validate` need not say."""

    allow: tuple[Allowed, ...] = ()


class Results(Declared):
    """Who may read what drills leave."""

    readable_by: Literal["owner", "group", "all"] = "owner"
    """Who may read a drill's journal, its logs and the configuration used. Its reports are as open as the umask says, or more so."""


class Suite(Declared):
    """firedrill.yaml as a whole."""

    environments: Mapping[str, Environment] = Field(min_length=1)
    default: str = "local"
    """The environment used when none is named."""
    lint: Lint = Lint()
    results: Results = Results()
    """Who may read what drills leave."""
