"""Takes a decision again, from the facts that were stored with it: the same verdict, or the difference by name."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from parley.policy.decision import POLICY_VERSION, Decision, decide
from parley.policy.facts import Facts
from parley.policy.known_since import not_known_in

_WHAT_DECIDES = ("verdict", "code", "until")
"""Of a verdict; the sentence and the evidence only tell it."""


class Retaken(msgspec.Struct, frozen=True):
    """What today's rules make of the facts of then."""

    outcome: Literal["same", "different", "no_rule", "unreadable"]
    """`no_rule`: it was decided before any rule was asked. `unreadable`: today's rules cannot read those facts."""
    differences: tuple[str, ...] = ()
    """Sentences; also where the verdict is the same but something on the way to it is not."""
    decision: Decision | None = None


def retake(stored: Mapping[str, Any]) -> Retaken:
    """`stored` is a Decision as JSON. One of an older version may lack facts that are known today: it says which."""
    if not stored.get("asked"):
        return Retaken("no_rule")
    try:
        facts = msgspec.convert(stored["facts"], Facts)
        at = msgspec.convert(stored["at"], datetime)
    except (msgspec.ValidationError, KeyError) as error:
        return Retaken("unreadable", (f"The stored facts cannot be read by the rules of today: {error}.",))
    decision = decide(facts, at)
    again = msgspec.json.decode(msgspec.json.encode(decision))
    same = _decided(stored["verdict"]) == _decided(again["verdict"])
    return Retaken("same" if same else "different", tuple(_differences(stored, again)), decision)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    version = str(then.get("version"))
    if version != POLICY_VERSION:
        yield f"It was decided by the rules of {version}; those of today are {POLICY_VERSION}."
    if missing := not_known_in(version):
        yield f"Not known then, and taken as nothing today: {', '.join(missing)}."
    said, says = ({one["rule"]: one["verdict"] for one in decision["asked"]} for decision in (then, now))
    for rule in said | says:
        yield from _difference(rule, said.get(rule), says.get(rule))


def _difference(rule: str, said: Mapping[str, Any] | None, says: Mapping[str, Any] | None) -> Iterator[str]:
    if said is not None and says is not None and _decided(said) == _decided(says):
        return
    then = "was not asked then" if said is None else f"said {_word(said)} then"
    today = "is not asked today" if says is None else f"says {_word(says)} today"
    yield f"The rule {rule} {then}, and {today}."


def _word(verdict: Mapping[str, Any]) -> str:
    """`defer (quiet_hours, until 2026-11-26T08:00:00Z)`"""
    more = [verdict["code"]] if "code" in verdict else []
    more += [f"until {verdict['until']}"] if "until" in verdict else []
    return f"{verdict['verdict']} ({', '.join(more)})" if more else str(verdict["verdict"])


def _decided(verdict: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(verdict.get(name) for name in _WHAT_DECIDES)
