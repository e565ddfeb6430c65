"""A yes that must be confirmed is none until then; the confirmation has its time, counts once, and STOP wins."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.consent import Action, ConsentEntry, is_granted, standing
from parley.domain.double_opt_in import (
    ALL_SOURCES,
    DOUBLE_OPT_IN,
    Answer,
    AskedSource,
    DoubleOptIn,
    answer_to,
    asked,
    unanswered,
)
from tests.rules.domain.test_consent import ENTRIES, MOMENTS, NOW

RULE = DoubleOptIn(categories=("whatsapp",), expires_hours=1)
YES = ConsentEntry("whatsapp", Action.ACCEPT, NOW, source="private_api")
NO = ConsentEntry("whatsapp", Action.REJECT, NOW + timedelta(minutes=5))
QUESTION = RULE.question(YES, NOW)
SOON = NOW + timedelta(minutes=10)


def confirmed(at: datetime) -> ConsentEntry:
    return ConsentEntry("whatsapp", Action.ACCEPT, at, source=DOUBLE_OPT_IN)


def granted(entries: list[ConsentEntry], at: datetime) -> bool:
    return is_granted(None, standing(entries, at), at)


@pytest.mark.parametrize("source", ALL_SOURCES)
def test_a_yes_must_be_confirmed_whoever_brings_it(source: AskedSource) -> None:
    entry = ConsentEntry("whatsapp", Action.ACCEPT, NOW, source=source)
    assert RULE.asks(entry, [], NOW)
    others = tuple(one for one in ALL_SOURCES if one != source)
    assert not DoubleOptIn(categories=("whatsapp",), sources=others).asks(entry, [], NOW)


@pytest.mark.parametrize("source", ["keyword", DOUBLE_OPT_IN])
def test_the_customers_own_word_needs_no_confirmation(source: str) -> None:
    assert not RULE.asks(ConsentEntry("whatsapp", Action.ACCEPT, NOW, source=source), [], NOW)


def test_only_a_yes_in_a_category_that_is_named_is_asked() -> None:
    assert not RULE.asks(NO, [], SOON)
    assert not RULE.asks(ConsentEntry("orders", Action.ACCEPT, NOW), [], NOW)
    assert not DoubleOptIn().asks(YES, [], NOW)


def test_whoever_agrees_already_is_not_asked_again_until_that_ends() -> None:
    old = ConsentEntry("whatsapp", Action.ACCEPT, NOW - timedelta(days=9), NOW + timedelta(hours=1))
    assert not RULE.asks(YES, [old], NOW)
    assert RULE.asks(YES, [old], NOW + timedelta(hours=1))
    assert RULE.asks(YES, [old, NO], SOON)


def test_a_question_is_no_consent_and_its_confirmation_is_one() -> None:
    assert not granted([QUESTION], SOON)
    assert answer_to(QUESTION, [QUESTION], SOON) is Answer.CONFIRMED
    assert granted([QUESTION, confirmed(SOON)], SOON)
    assert answer_to(QUESTION, [QUESTION, confirmed(SOON)], SOON) is Answer.ALREADY


def test_it_waits_until_its_end_to_the_second() -> None:
    end = NOW + timedelta(hours=1)
    assert asked([QUESTION], end - timedelta(seconds=1)) == QUESTION
    assert asked([QUESTION], end) is None
    assert unanswered([QUESTION], end) == QUESTION
    assert answer_to(QUESTION, [QUESTION], end) is Answer.EXPIRED


def test_a_stop_in_between_wins() -> None:
    assert answer_to(QUESTION, [QUESTION, NO], SOON) is Answer.WITHDRAWN
    assert unanswered([QUESTION, NO], SOON) is None


def test_a_yes_after_the_stop_is_a_new_question() -> None:
    later = ConsentEntry("whatsapp", Action.ACCEPT, SOON, source="page")
    again = RULE.question(later, SOON)
    assert asked([QUESTION, NO, again], SOON) == again
    assert answer_to(QUESTION, [QUESTION, NO, again], SOON) is Answer.WITHDRAWN


def test_a_yes_from_the_future_is_asked_now_so_that_every_later_stop_counts() -> None:
    ahead = ConsentEntry("whatsapp", Action.ACCEPT, NOW + timedelta(days=1))
    assert RULE.question(ahead, NOW).valid_from == NOW


QUESTIONS = st.builds(
    lambda at, hours: DoubleOptIn(categories=("whatsapp",), expires_hours=hours).question(
        ConsentEntry("whatsapp", Action.ACCEPT, at), NOW
    ),
    MOMENTS,
    st.integers(1, 720),
)


@given(ENTRIES)
def test_questions_change_nothing(entries: list[ConsentEntry]) -> None:
    without = [entry for entry in entries if entry.action is not Action.ASKED]
    assert standing(entries, NOW) == standing(without, NOW)


@given(ENTRIES, QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_makes_no_difference(entries: list[ConsentEntry], question: ConsentEntry, chance: Random) -> None:
    together = [*entries, question]
    shuffled = list(together)
    chance.shuffle(shuffled)
    assert answer_to(question, shuffled, NOW) == answer_to(question, together, NOW)
    assert unanswered(shuffled, NOW) == unanswered(together, NOW)


@given(ENTRIES, QUESTIONS, MOMENTS, MOMENTS)
def test_after_a_withdrawal_no_confirmation_counts(
    entries: list[ConsentEntry], question: ConsentEntry, stopped: datetime, at: datetime
) -> None:
    """Unless the customer has agreed anew since."""
    begun = max(stopped, question.valid_from)
    stop = ConsentEntry("whatsapp", Action.REJECT, begun)
    before = [one for one in entries if one.valid_from <= begun]
    assert answer_to(question, [*before, question, stop], max(at, begun)) is Answer.WITHDRAWN
    assert asked([*before, question, stop], max(at, begun)) is None


@given(ENTRIES, QUESTIONS, MOMENTS)
def test_what_confirms_grants_and_a_second_time_changes_nothing(
    entries: list[ConsentEntry], question: ConsentEntry, at: datetime
) -> None:
    said = [*entries, question]
    moment = max(at, question.valid_from)
    if answer_to(question, said, moment) is Answer.CONFIRMED:
        after = [*said, confirmed(moment)]
        assert granted(after, moment)
        assert answer_to(question, after, moment) is Answer.ALREADY
        assert asked(after, moment) is None


@given(st.lists(QUESTIONS, max_size=4), MOMENTS)
def test_questions_alone_never_grant(questions: list[ConsentEntry], at: datetime) -> None:
    assert not granted(questions, at)
