"""How many messages does the policy decide in a second of one core? Every rule of their kind, evidence included.

    python bench/decide.py [--rounds 7]

The facts are there before; time is the process's own CPU time. Each message has facts of its own, and every hundred a
moment of their own, as in a claim. The floor is the same number of calls of a rule that looks at nothing.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.figures import print_ratio
from parley.domain.message import Kind
from parley.policy import Allow, Facts, Verdict, decide
from parley.policy.decision import RULES
from tests.support.policy_facts import NOW, good_facts

MESSAGES = 20_000
AT_ONCE = 100
KINDS = (Kind.TEMPLATE, Kind.TEXT)
Asked = Sequence[tuple[Facts, datetime]]


def main(rounds: int) -> None:
    """Measures and prints."""
    for kind in KINDS:
        asked = _messages(kind)
        rules = sum(kind in kinds for _, kinds, _ in RULES)
        _ours(asked[:AT_ONCE]), _floor(asked[:AT_ONCE], rules)
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(_ours(asked))
            floor.append(_floor(asked, rules))
        print_ratio(f"decide, {kind}, {rules} rules", "messages/s of CPU", ours, floor)


def _messages(kind: Kind) -> Asked:
    good = good_facts(kind)
    return [
        (msgspec.structs.replace(good, recipient=str(421_900_000_000 + number)), _moment(number))
        for number in range(MESSAGES)
    ]


def _moment(number: int) -> datetime:
    return NOW + timedelta(milliseconds=10 * (number // AT_ONCE))


def _ours(asked: Asked) -> float:
    before = time.process_time()
    for facts, now in asked:
        decide(facts, now)
    return len(asked) / (time.process_time() - before)


def _floor(asked: Asked, rules: int) -> float:
    places = range(rules)
    before = time.process_time()
    for facts, now in asked:
        for _ in places:
            _nothing(facts, now)
    return len(asked) / (time.process_time() - before)


_ALLOW = Allow()


def _nothing(_facts: Facts, _now: datetime) -> Verdict:
    return _ALLOW


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    main(parser.parse_args().rounds)
