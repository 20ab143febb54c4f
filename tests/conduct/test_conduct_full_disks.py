"""A program whose disk is full says so in its own log: the first line that does is found, whichever of them wrote it."""

from pathlib import Path

import pytest

from firedrill.conduct.full_disks import first

SAID = "write /tmp/x/wal/0001: no space left on device"
GO_KIT = f'ts=2026-11-28T10:00:00.500Z caller=db.go:1008 level=error component=tsdb msg="compaction failed" err="{SAID}"'
SLOG = f'time=2026-11-28T10:00:00.500Z level=ERROR source=scrape.go:1 msg="Scrape commit failed" err="{SAID}"'


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (GO_KIT, (1795860000.5, SAID)),
        (SLOG, (1795860000.5, SAID)),
        ("OSError: [Errno 28] No space left on device", (None, "OSError: [Errno 28] No space left on device")),
        ("ts=2026-11-28T10:00:00.500Z level=info msg=fine", None),
    ],
)
def test_the_first_line_that_names_it_is_found(tmp_path: Path, line: str, found: object) -> None:
    log = tmp_path / "prometheus.log"
    log.write_text(
        f'a first line\n{line}\nts=2026-11-28T10:00:09Z level=error msg=later err="no space left on device"\n' if found else line
    )
    assert first(log) == found
    assert first(tmp_path / "gone.log") is None
