"""A log read on while it is written: torn characters, a log that is cut short, and one that is begun anew."""

from pathlib import Path

from firedrill.watch.tail import Tail


def test_a_character_that_is_torn_between_two_reads_is_whole(tmp_path: Path) -> None:
    log, text = tmp_path / "log", "étage — café\n".encode()
    tail = Tail(log)
    found = []
    for cut in range(len(text) + 1):
        log.write_bytes(text[:cut])
        found.append(tail.more())
    assert [one for one in found if one] == ["étage — café"]


def test_a_log_that_is_cut_short_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = Tail(log)
    log.write_text("one\ntwo\nthr")
    assert tail.more() == "one\ntwo"
    log.write_text("new\n")
    assert tail.more() == "new"


def test_a_log_in_whose_place_another_was_put_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = Tail(log)
    log.write_text("one\n")
    assert tail.more() == "one"
    log.rename(tmp_path / "log.1")
    assert tail.more() == ""
    log.write_text("two\nthree\n")
    assert tail.more() == "two\nthree"


def test_no_log_at_all_has_nothing(tmp_path: Path) -> None:
    assert Tail(None).more() == Tail(tmp_path / "none").more() == ""
