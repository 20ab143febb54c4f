"""Links in a text, and whose they are."""

import pytest

from firedrill.core.links import allowed, find, host_of


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("no link, nor ftp://x/y", ()),
        ("See https://a.example/x.", ("https://a.example/x",)),
        ("(http://a.example/x_(y)) and [b](https://b.example/z?q=1&r=2#s)!", ("http://a.example/x_(y)", "https://b.example/z?q=1&r=2#s")),
        ('<a href="https://a.example/x">x</a> <https://b.example|b>', ("https://a.example/x", "https://b.example")),
        ("https://a.example/x https://a.example/x", ("https://a.example/x",)),
        ("*https://a.example/x*, `https://b.example`", ("https://a.example/x", "https://b.example")),
    ],
)
def test_links_are_found_without_what_surrounds_them(text: str, links: tuple[str, ...]) -> None:
    assert find([text, ""]) == links


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://Runbooks.Example/x", "runbooks.example"),
        ("http://u:p@a.example:8080/x", "a.example:8080"),
        ("http://[", None),
        ("http://a.example:99999/", None),
        ("https:///x", None),
    ],
)
def test_the_host_of_a_link(link: str, host: str | None) -> None:
    assert host_of(link) == host


@pytest.mark.parametrize(
    ("link", "hosts", "answer"),
    [
        ("https://a.example/x", ("a.example",), True),
        ("https://a.example:8443/x", ("A.example",), True),
        ("https://a.example:8443/x", ("a.example:8443",), True),
        ("https://a.example:8443/x", ("a.example:443",), False),
        ("https://b.a.example/x", ("a.example",), False),
        ("https://a.example@b.example/x", ("a.example",), False),
        ("http://127.0.0.1:80/x", ("loopback",), True),
        ("http://127.8.8.8/x", ("loopback",), True),
        ("http://[::1]:9/x", ("loopback",), True),
        ("http://localhost:9/x", ("loopback",), True),
        ("http://10.0.0.1/x", ("loopback",), False),
        ("http://loopback.example/x", ("loopback",), False),
        ("http://[", ("loopback",), False),
        ("https://a.example/x", (), False),
    ],
)
def test_a_link_is_allowed_by_its_host_alone(link: str, hosts: tuple[str, ...], answer: bool) -> None:
    assert allowed(link, hosts) is answer
