"""The schedule: repeated by its seed, within the campaign, fair to every victim, and known to the simulator."""

from collections import Counter

import msgspec
import pytest

from chaos.run import lost_calls
from chaos.schedule import HANG_SECONDS, LAST_PART, Victim, faults, kills, storms
from parley.store.database import STATEMENT_SECONDS
from parley_simulator.faults import Fault

APIS = ("sinch_conversation", "sinch_legacy")


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert kills(7, 1000, 40, 120) == kills(7, 1000, 40, 120)
    assert storms(7, APIS[0], 1000) == storms(7, APIS[0], 1000)
    assert kills(7, 1000, 40, 120) != kills(8, 1000, 40, 120)
    assert storms(7, APIS[0], 1000) != storms(8, APIS[0], 1000)


def test_every_victim_is_killed_as_often_as_the_others() -> None:
    struck = kills(7, 100_000, 200, 120)
    assert Counter(kill.victim for kill in struck if not kill.wakes) == dict.fromkeys(Victim, 50)
    assert Counter(kill.victim for kill in struck if kill.wakes) == dict.fromkeys(Victim, 5)


def test_some_hang_before_they_are_killed_and_as_many_go_on() -> None:
    hung = [kill for kill in kills(7, 100_000, 200, 120) if kill.hangs]
    assert Counter(kill.wakes for kill in hung) == {False: 20, True: 20}
    least, most = HANG_SECONDS
    longer = [kill for kill in hung if not least <= kill.hangs <= most and kill.victim is not Victim.DATABASE]
    assert 0 < len(longer) < 5
    assert all(
        kill.victim is Victim.WORKER and kill.wakes and 120 + least <= kill.hangs <= 120 + most for kill in longer
    )


@pytest.mark.parametrize("seed", range(5))
def test_once_postgresql_stands_still_for_longer_than_a_statement_may_take_and_goes_on(seed: int) -> None:
    (longest,) = [kill for kill in kills(seed, 100_000, 200, 120) if kill.outlasts_statements]
    assert longest.victim is Victim.DATABASE
    assert longest.wakes
    assert STATEMENT_SECONDS < longest.hangs <= STATEMENT_SECONDS + HANG_SECONDS[1]


def test_a_long_run_breaks_too_little_to_explain_the_loss_of_all() -> None:
    struck = kills(7, 100_000, 200, 120)
    killed = Counter(kill.victim for kill in struck if not kill.wakes)
    hung = Counter(kill.victim for kill in struck if kill.hangs)
    assert 12_415 < lost_calls(killed, hung) < 30_000  # the most that a real run has left to the rule


def test_kills_and_storms_come_in_order_and_while_there_is_something_to_send() -> None:
    for places in (
        [kill.after for kill in kills(7, 1000, 200, 120)],
        [storm.after for storm in storms(7, APIS[0], 1000)],
    ):
        assert places == sorted(places)
        assert 0 <= places[0] <= places[-1] <= LAST_PART * 1000


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("messages", [1, 500, 100_000])
def test_the_simulator_takes_every_fault(api: str, messages: int) -> None:
    ordered = [*faults(api), *(storm.fault for storm in storms(7, api, messages))]
    assert len(msgspec.convert(ordered, list[Fault])) == len(ordered)
