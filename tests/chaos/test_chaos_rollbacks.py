"""Undoing a method: its rollbacks, played again by anyone who has read the journal."""

import json
from pathlib import Path
from types import SimpleNamespace as Words

import pytest

from firedrill.core.errors import LeftOver
from firedrill.faults.chaos.rollbacks import perform, undo_of


def test_an_undo_holds_the_rollbacks_and_names_secrets_without_their_values(words: Words) -> None:
    secrets = {"cloud": {"token": {"type": "env", "key": "CLOUD_TOKEN"}, "password": "hunter22"}}
    chaos = {"method": [words.theirs("break", "false")], "rollbacks": [words.theirs("mend", "true"), {"ref": "break"}], "secrets": secrets}
    undo = undo_of(chaos, "Break it")
    assert undo["kind"] == "chaos-rollbacks"
    assert undo["experiment"]["secrets"] == {"cloud": {"token": {"type": "env", "key": "CLOUD_TOKEN"}}}
    assert [each["name"] for each in undo["experiment"]["rollbacks"]] == ["mend", "break"]
    assert (undo["experiment"]["method"], "hunter22" in json.dumps(undo)) == ([], False)


def test_performing_plays_the_rollbacks_as_often_as_one_likes(words: Words, tmp_path: Path) -> None:
    undo = json.loads(json.dumps(undo_of({"rollbacks": [words.theirs("mend", "touch", str(tmp_path / "mended"))]}, "Break it")))
    assert perform(undo) == "the rollbacks of 'Break it' were played: mend"
    assert (tmp_path / "mended").exists()
    assert perform(undo, tmp_path).endswith("mend")


def test_a_method_without_rollbacks_has_nothing_to_put_back() -> None:
    assert perform(undo_of({"method": []})) == "the method declares no rollbacks: there was nothing to put back"


def test_a_rollback_that_fails_leaves_the_method_over_and_says_what_to_do() -> None:
    rollback = {"type": "action", "name": "mend", "provider": {"type": "http", "url": "http://127.0.0.1:1/"}}
    with pytest.raises(LeftOver) as left:
        perform(undo_of({"rollbacks": [rollback]}, "Break it"))
    said = str(left.value)
    assert said.startswith("what the method of 'Break it' broke may still be broken: mend failed: ")
    assert said.endswith("Do by hand what its rollbacks do (mend), or mend the cause and undo again")


def test_rollbacks_that_never_end_are_given_up(words: Words) -> None:
    with pytest.raises(LeftOver, match=r"they did not end, or not within 1\.5 s"):
        perform(undo_of({"rollbacks": [words.theirs("hang", "sleep", "60")]}), within=1.5)


def test_rollbacks_that_chaos_toolkit_cannot_play_say_why() -> None:
    with pytest.raises(LeftOver, match="InvalidActivity"):
        perform(undo_of({"rollbacks": [{"type": "action", "name": "mend"}]}))
