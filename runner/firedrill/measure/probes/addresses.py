"""Addresses of firedrill.yaml in the texts of probes: `<name>` stands for `host:port`."""

import re
from collections.abc import Mapping

from firedrill.measure.causes import CheckFailed

_NAME = re.compile(r"<([a-zA-Z0-9_-]+)>")


def addressed(text: str, addresses: Mapping[str, str]) -> str:
    """The text with every `<name>` replaced; an unknown name raises CheckFailed."""

    def address(match: re.Match[str]) -> str:
        if match[1] not in addresses:
            known = ", ".join(sorted(addresses)) or "none"
            raise CheckFailed(f"no address is called {match[1]!r} in firedrill.yaml; there are: {known}")
        return addresses[match[1]]

    return _NAME.sub(address, text)
