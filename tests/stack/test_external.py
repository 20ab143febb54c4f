"""A stack that runs already: what it says of itself, and in a sentence what is wrong with how it is asked."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firedrill.core.errors import FiredrillError
from firedrill.core.model.suite import External
from firedrill.stack.external import ExternalStack
from owning import certificate

CONFIG = "global: {evaluation_interval: 15s}\nscrape_configs: [{job_name: a, scrape_interval: 5s}, {job_name: b}]\n"
GROUPS = [{"name": "g", "file": "r.yml", "interval": 15, "rules": []}]
ANSWERS: Mapping[str, Any] = {
    "/api/v1/query": {"status": "success", "data": {"resultType": "scalar", "result": [0, "0"]}},
    "/api/v1/rules": {"status": "success", "data": {"groups": GROUPS}},
    "/api/v1/status/buildinfo": {"status": "success", "data": {"version": "2.42.0"}},
    "/api/v1/status/config": {"status": "success", "data": {"yaml": CONFIG}},
    "/api/v1/status/flags": {"status": "success", "data": {"rules.alert.resend-delay": "1m"}},
    "/api/v1/alertmanagers": {"status": "success", "data": {"activeAlertmanagers": []}},
    "/api/v2/status": {"config": {"original": "route: {receiver: a}\n"}, "versionInfo": {"version": "0.25.0"}},
}

Serve = Callable[..., Awaitable[str]]
Reach = Callable[..., Awaitable[ExternalStack]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server with the answers of both, on a free port; the answer to a path may be a status instead."""
    runners = []

    async def serve(answers: Mapping[str, Any] = ANSWERS, tls: ssl.SSLContext | None = None, authorization: str | None = None) -> str:
        async def answer(request: web.Request) -> web.StreamResponse:
            if authorization is not None and request.headers.get("Authorization") != authorization:
                return web.Response(status=401 if "Authorization" not in request.headers else 403)
            found = answers.get(request.path, 404)
            return web.Response(status=found) if isinstance(found, int) else web.json_response(found)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        return f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    """Reaches a stack, both of whose servers have one URL."""

    async def reach(url: str, **server: str) -> ExternalStack:
        settings = {"prometheus": {"url": url, **server}, "alertmanager": {"url": url, **server}}
        declared = External.model_validate(settings | {"pages": {"sink": {"listen": "127.0.0.1:9099"}}})
        return await ExternalStack.reach(tmp_path, declared)

    return reach


async def test_it_says_its_versions_its_intervals_and_its_clock(serve: Serve, reach: Reach) -> None:
    told = (await reach(await serve() + "/")).told
    assert (told.prometheus, told.alertmanager, told.routes) == ("2.42.0", "0.25.0", "route: {receiver: a}\n")
    assert (told.scrapes, told.evaluation, told.resend) == ({5.0, 60.0}, 15.0, 60.0)
    assert told.ahead < -1e9


async def test_what_a_server_without_status_pages_does_not_say_is_left_open(serve: Serve, reach: Reach) -> None:
    told = (await reach(await serve({path: answer for path, answer in ANSWERS.items() if "/api/v1/status" not in path}))).told
    assert (told.prometheus, told.scrapes, told.evaluation, told.resend) == ("", frozenset(), None, 15.0)


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        ("/api/v1/query", {"hello": "world"}, "{url} answers, but not as a Prometheus does: is the path before /api right?"),
        ("/api/v1/query", 404, "Prometheus at {url} answers with status 404"),
        ("/api/v1/query", 302, "Prometheus at {url} sends us elsewhere (status 302): give the URL that it answers at"),
        ("/api/v1/query", 401, "Prometheus at {url} wants credentials, and has no credentials (status 401)"),
        ("/api/v1/status/flags", 503, "Prometheus at {url} answers with status 503"),
        ("/api/v2/status", [], "{url} answers, but not as an Alertmanager does: is the path before /api right?"),
        ("/api/v1/rules", {"status": "success", "data": {"groups": []}},
            "{url} tells no rules at /api/v1/rules: give 'rules-url', the URL of what evaluates them, such as vmalert's"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_answer_is_said(serve: Serve, reach: Reach, path: str, answer: object, sentence: str) -> None:
    url = await serve(dict(ANSWERS) | {path: answer})
    assert await _refusal(reach(url)) == sentence.format(url=url)


async def test_a_bearer_token_is_read_from_the_environment_and_never_said(
    serve: Serve, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await serve(authorization="Bearer right")
    monkeypatch.setenv("THE_TOKEN", "right")
    assert (await reach(url, token="THE_TOKEN")).told.alertmanager == "0.25.0"
    monkeypatch.setenv("THE_TOKEN", "wrong")
    refused = await _refusal(reach(url, token="THE_TOKEN"))
    assert refused == f"Prometheus at {url} does not let in the token in THE_TOKEN (status 403)"
    monkeypatch.delenv("THE_TOKEN")
    missing = await _refusal(reach(url, token="THE_TOKEN"))
    assert missing == "Prometheus is asked with what the environment variable THE_TOKEN holds, and it is not set"


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    """A folder with a certificate and its key."""
    certificate(tmp_path / "tls")
    return tmp_path / "tls"


async def test_a_server_that_wants_our_certificate_gets_it_and_its_own_must_be_trusted(serve: Serve, reach: Reach, tls: Path) -> None:
    wants = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tls / "cert.pem"))
    wants.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    wants.verify_mode = ssl.CERT_REQUIRED
    url = await serve(tls=wants)
    assert (await reach(url, ca="tls/cert.pem", cert="tls/cert.pem", key="tls/key.pem")).told.prometheus == "2.42.0"
    assert await _refusal(reach(url)) == f"Prometheus at {url} cannot be reached: its certificate is not trusted: self-signed certificate"
    (tls / "none.pem").write_text("no certificate\n")
    assert (await _refusal(reach(url, ca="tls/none.pem"))).startswith("the certificates for Prometheus cannot be used: ")
    without = await _refusal(reach(url, ca="tls/cert.pem"))
    assert without.startswith(f"Prometheus at {url} cannot be reached: ")


async def test_where_nobody_listens_is_said(reach: Reach) -> None:
    assert await _refusal(reach("http://127.0.0.1:9")) == "Prometheus at http://127.0.0.1:9 cannot be reached: Connection refused"


async def test_a_prometheus_that_sends_to_nobody_is_not_connected(serve: Serve, reach: Reach) -> None:
    url = await serve()
    stack = await reach(url)
    assert await _refusal(stack.connected(within=0.0)) == (
        f"Prometheus at {url} sends its alerts to no Alertmanager, so nothing could page"
    )


async def _refusal(asking: Awaitable[object]) -> str:
    with pytest.raises(FiredrillError) as refused:
        await asking
    return str(refused.value)
