"""In the processes of a trial alone, whose PYTHONPATH names this folder: counting and clearing fail as the trial's file says.

`{"trial": 7, "error": "OSError", "counting": true, "clearing": 1.5}`: each count raises, and each clearing until so many seconds after
the first one. It is read at each call, since the proxy that outlives drills outlives trials, too.
"""

import importlib.util
import json
import os
import sys
import time
from importlib.abc import MetaPathFinder

HOLDER = "firedrill.faults.holding.ledger"
ERRORS = {each.__name__: each for each in (OSError, PermissionError, KeyError, ValueError, RuntimeError, TimeoutError, AssertionError)}

_first = {}


def _told():
    try:
        with open(os.environ["FIREDRILL_TRIAL_MISHAP"], encoding="utf-8") as file:
            return json.load(file)
    except (OSError, KeyError, ValueError):
        return {}


def _fail(told, what):
    raise ERRORS[told["error"]](f"the trial has {what} fail")


class Spoilt:
    """An effect whose counting and clearing may fail."""

    def __init__(self, effect):
        self._effect = effect

    def __getattr__(self, name):
        return getattr(self._effect, name)

    @property
    def touched(self):
        told = _told()
        if told.get("counting"):
            _fail(told, "counting")
        return self._effect.touched

    async def lift(self):
        told = _told()
        if told.get("clearing") and time.monotonic() - _first.setdefault(told["trial"], time.monotonic()) < told["clearing"]:
            _fail(told, "clearing")
        await self._effect.lift()


class SpoiltPlace:
    """A place that has such effects."""

    def __init__(self, place):
        self._place = place

    def __getattr__(self, name):
        return getattr(self._place, name)

    def effect(self, fault, wire):
        return Spoilt(self._place.effect(fault, wire))


class Finder(MetaPathFinder):
    """Has the holders' ledger give out such places, when it is imported."""

    def find_spec(self, name, path, target=None):
        if name != HOLDER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            place = module.Ledger.place
            module.Ledger.place = lambda ledger, name: SpoiltPlace(place(ledger, name))

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
