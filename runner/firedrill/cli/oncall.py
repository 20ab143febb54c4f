"""`firedrill oncall`: who is on call, and whom a page would reach."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from firedrill.cli import options
from firedrill.core import hours
from firedrill.core.errors import Invalid
from firedrill.core.instants import instant
from firedrill.core.model.oncall import OnCall, Policy
from firedrill.core.units import Duration
from firedrill.respond.escalation import whom
from firedrill.respond.schedules import next_hand_over, on_call
from firedrill.spec.check import Checked
from firedrill.spec.environment import load_alerting
from firedrill.spec.oncall import load_oncall
from firedrill.spec.suite import find_root, read_settings


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A click.UsageError says what a moment looks like."""
        try:
            return instant(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("oncall")
@options.environment
@click.option("--at", type=_Moment(), metavar="TIME", help="Then, such as 2026-01-05T08:00:00Z, instead of now.")
@options.as_json
def command(environment: str | None, at: datetime | None, as_json: bool) -> None:
    """Say who is on call, and who would be told of each receiver's page after how long, while nobody acknowledges.

    \b
    --json answers {environment, at,
      schedules: [{schedule, on_call, until, then}],
      receivers: [{receiver, levels: [{level, after_s, told: [{person, schedule}...]}...], again_s, reopens_within_s}]}
    Nobody on call is an empty text; `until` is null where a schedule never hands over.
    """
    chosen, oncall = _read(environment)
    moment = at or datetime.now(UTC)
    answer = {"environment": chosen, "at": moment.isoformat(), "schedules": list(_schedules(oncall, moment))}
    answer["receivers"] = [_receiver(oncall, name, policy, moment) for name, policy in oncall.policies.items()]
    if as_json:
        options.echo_json(answer)
        return
    click.echo("\n".join((*_shifts_told(oncall, answer), *_pages_told(oncall, answer))))


def _read(name: str | None) -> tuple[str, OnCall]:
    """Who is on call in the environment; Invalid with every problem, a usage error where it does not say."""
    settings = read_settings(find_root(Path.cwd()), os.environ)
    alerting, wrong = load_alerting(settings)
    oncall, more = load_oncall(settings, alerting, name, os.environ, strict=False)
    files = Checked(settings.root, settings.suite, oncall=oncall, problems=tuple(dict.fromkeys((*settings.problems, *wrong, *more))))
    if files.errors:
        raise Invalid(files.errors)
    chosen, environment = files.environment(name)
    if environment.oncall is None:
        raise click.UsageError(f"the environment {chosen} does not say who is on call: give it 'oncall', such as oncall.yaml")
    return chosen, oncall[chosen]


def _schedules(oncall: OnCall, moment: datetime) -> Iterator[Mapping[str, Any]]:
    for name, schedule in oncall.schedules.items():
        change = next_hand_over(schedule, moment)
        until, then = (None, "") if change is None else (change[0].astimezone(hours.zone(schedule.timezone)).isoformat(), change[1])
        yield {"schedule": name, "on_call": on_call(schedule, moment), "until": until, "then": then}


def _receiver(oncall: OnCall, name: str, policy: Policy, moment: datetime) -> Mapping[str, Any]:
    on = {name: on_call(schedule, moment) for name, schedule in oncall.schedules.items()}
    levels = [
        {"level": number, "after_s": float(level.after), "told": [{"person": one, "schedule": by} for one, by in whom(level, on).items()]}
        for number, level in enumerate(policy.levels, 1)
    ]
    again = None if policy.again is None else float(policy.again)
    return {"receiver": name, "levels": levels, "again_s": again, "reopens_within_s": float(policy.reopens_within)}


def _shown(oncall: OnCall, person: str) -> str:
    return (oncall.people[person].shown or person) if person else "nobody"


def _shifts_told(oncall: OnCall, answer: Mapping[str, Any]) -> Iterator[str]:
    for one in answer["schedules"]:
        until = "" if one["until"] is None else f" until {one['until']}, then {_shown(oncall, one['then'])}"
        yield f"{one['schedule']}: {_shown(oncall, one['on_call'])}{until}"


def _pages_told(oncall: OnCall, answer: Mapping[str, Any]) -> Iterator[str]:
    for one in answer["receivers"]:
        yield f"{one['receiver']}, while nobody acknowledges:"
        for level in one["levels"]:
            yield f"  after {Duration(level['after_s'])}: {', '.join(_named(oncall, each) for each in level['told']) or 'nobody'}"
        if one["again_s"] is not None:
            yield f"  and from the first again {Duration(one['again_s'])} after the last"


def _named(oncall: OnCall, told: Mapping[str, str]) -> str:
    return _shown(oncall, told["person"]) + (f" ({told['schedule']})" if told["schedule"] else "")
