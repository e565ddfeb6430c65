"""The account finds every way in which the two books can disagree, and nothing in books that agree."""

from typing import Any

import msgspec
import pytest

from chaos.account import Books, Row, account_of
from chaos.sinch import Ledger, Send, Tally

FIRST, SECOND = "421901000000", "421901000001"


def _row(**changes: Any) -> Row:
    given: dict[str, Any] = {
        "id": "m-1", "recipient": FIRST, "state": "delivered", "code": None, "provider_message_id": "S-1",
        "was_uncertain": False, "settled_by": None, "sent_again": 0,
    }  # fmt: skip
    return Row(**given | changes)


def _send(**changes: Any) -> Send:
    given: dict[str, Any] = {"id": "S-1", "our_id": "m-1", "number": FIRST, "heard": ("sent", "delivered")}
    return Send(**given | changes)


def _books(rows: tuple[Row, ...] = (_row(),), sends: tuple[Send, ...] = (_send(),), **changes: Any) -> Books:
    given: dict[str, Any] = {
        "api": "sinch_conversation", "customers": 1, "callbacks": frozenset({"aa"}), "untold": 0, "under_way": 0,
        "early_reports": 0, "unjoined": 0, "unread": 0, "lost_calls": 1, "kills_missed": 0,
        "exits": {"worker": 0, "serve": 0}, "ledger": Ledger(sends, frozenset({"aa"}), frozenset({"ff"}), ()),
        "resends": 0, "before": None,
    }  # fmt: skip
    return Books(rows=rows, **given | changes)


def _callback(**changes: Any) -> Ledger:
    given: dict[str, Any] = {"kind": "callback", "name": "MESSAGE_DELIVERY", "fault": "", "count": 1}
    return msgspec.structs.replace(_books().ledger, tallies=(Tally(**given | changes),))


def _lost(count: int, **changes: Any) -> Books:
    """So many were never accepted, and one call can have been lost."""
    given_up = _row(state="failed", code="given_up", was_uncertain=True, settled_by="the rule")
    rows = tuple(msgspec.structs.replace(given_up, id=f"m-{number}", recipient=str(number)) for number in range(count))
    return _books(rows, (), customers=count, **changes)


def _never_left(**changes: Any) -> Books:
    """A message that no call was made for; more calls can have been lost."""
    return _books((_row(provider_message_id=None, **changes),), (), lost_calls=100)


def _refused(name: str, outcome: str = "refused") -> Ledger:
    """A call came to that."""
    tally = Tally(kind="request", name=name, status=502, outcome=outcome, fault="cut", count=1)
    return msgspec.structs.replace(_books().ledger, sends=(), tallies=(tally,))


def _sent_again(row: Row, *sends: Send, before: int = 1, **changes: Any) -> Books:
    """By the project's rule, after it was uncertain."""
    again = msgspec.structs.replace(row, was_uncertain=True, settled_by="the rule", sent_again=1)
    return _books((again,), sends, resends=1, before=before, **changes)


AGREE = {
    "delivered": _books(),
    "no report came": _books((_row(state="accepted"),), (_send(heard=()),)),
    "a delivery after a wrong failure": _books(sends=(_send(heard=("failed", "delivered")),)),
    "uncertain and never accepted": _books((_row(state="uncertain", was_uncertain=True),), ()),
    "uncertain, accepted, and nothing was told": _books((_row(state="uncertain"),), (_send(heard=()),)),
    "a legacy send whose answer was lost": _books(
        (_row(state="uncertain", provider_message_id=None),), (_send(our_id=""),), api="sinch_legacy"
    ),
    "given up by order": _books((_row(state="failed", code="given_up"),), (_send(heard=("sent",)),)),
    "as many as could be were never accepted": _lost(1),
    "and as many more as Sinch refused": _lost(2, ledger=_refused("conversation.send")),
    "a legacy report whose send was never answered": _books(
        (_row(state="uncertain", provider_message_id=None, was_uncertain=True),),
        (),
        api="sinch_legacy",
        early_reports=1,
    ),
    "sent again by the rule, and accepted twice": _sent_again(_row(), _send(heard=()), _send(id="S-2")),
    "sent again by the rule, and accepted for the first time": _sent_again(_row(), _send(), before=0),
    "a legacy message was sent again, and Sinch told of both": _sent_again(
        _row(provider_message_id="S-2"),
        _send(our_id=""),
        _send(id="S-2", our_id="", heard=("sent", "delivered")),
        api="sinch_legacy",
    ),
    "sent again, and uncertain again": _sent_again(_row(state="uncertain"), before=0),
    "the spool was full": _books(ledger=_callback(status=503, outcome="retry"), spool=4_000, away=1),
    "the database was never away": _books(spool=4_000),
    "a forged callback was refused": _books(
        ledger=_callback(status=401, outcome="dropped", fault="bad_signature"),
    ),
}

DISAGREE = {
    "nothing was ever planned": _books((), ()),
    "numbers with more than one message": _books((_row(), _row(id="m-2")), (_send(), _send(id="S-2", our_id="m-2"))),
    "accepted twice": _books(sends=(_send(), _send(id="S-2"))),
    "accepted twice before the rule": _sent_again(_row(), _send(heard=()), _send(id="S-2"), before=2),
    "accepted twice after the rule, and never before": _sent_again(_row(), _send(), _send(id="S-2"), before=0),
    "accepted after the rule, though it was not sent again": _books(resends=1, before=0),
    "accepted three times": _sent_again(_row(), _send(), _send(id="S-2"), _send(id="S-3")),
    "accepted twice, though another was sent again": _books(
        (_row(), _row(id="m-2", recipient=SECOND, was_uncertain=True, settled_by="the rule", sent_again=1)),
        (_send(), _send(id="S-2"), _send(id="S-3", our_id="m-2")),
        customers=2,
        resends=1,
        before=1,
    ),
    "sent again more often than the rule may": _books((_row(was_uncertain=True, settled_by="the rule", sent_again=1),)),
    "sent again twice": _books((_row(was_uncertain=True, settled_by="the rule", sent_again=2),), resends=1, before=0),
    "a legacy message that is where the wrong report puts it": _sent_again(
        _row(provider_message_id="S-2"),
        _send(our_id=""),
        _send(id="S-2", our_id="", heard=("sent",)),
        api="sinch_legacy",
    ),
    "that we do not know": _books(sends=(_send(), _send(id="S-2", our_id="m-9"))),
    "stand still": _books((_row(state="sending"),), (_send(heard=()),)),
    "that Sinch never accepted": _books(sends=()),
    "ended here that Sinch accepted": _books((_row(state="expired"),), (_send(heard=()),)),
    "not where the reports put them": _books((_row(state="sent"),)),
    "an uncertain one, too": _books((_row(state="uncertain"),)),
    "acknowledged and do not have": _books(callbacks=frozenset()),
    "genuine callbacks that we refused": _books(ledger=_callback(status=400, outcome="dropped")),
    "forged callbacks that we believed": _books(callbacks=frozenset({"aa", "ff"})),
    "no campaign event tells": _books(untold=1),
    "campaigns that have not ended": _books(under_way=1),
    "more than what broke explains": _lost(2),
    "refused here": _never_left(state="refused", code="no_consent"),
    "expired here": _never_left(state="expired", code="expired"),
    "failed here": _never_left(state="failed", code="rendering_failed"),
    "given up without a doubt": _never_left(state="failed", code="given_up"),
    "refused here after it was uncertain": _sent_again(_row(state="refused", code="no_consent"), before=0),
    "refusals of something else": _lost(2, ledger=_refused("token")),
    "calls that were taken": _lost(2, ledger=_refused("conversation.send", "accepted")),
    "to be full and never were": _books(spool=4_000, away=1),
    "full only for a forged one": _books(
        ledger=_callback(status=503, outcome="retry", fault="bad_signature"), spool=4_000, away=1
    ),
    "that nobody has read": _books(unread=1),
    "wait though their send is known": _books(early_reports=1),
    "a legacy report, too": _books(api="sinch_legacy", early_reports=2, unjoined=1),
    "kills that hit nobody": _books(kills_missed=1),
    "kills that hit nobody, or too many": _books(kills_missed=-1),
    "did not end well": _books(exits={"worker": 0, "serve": 1}),
    "one that had to be killed": _books(exits={"worker": None, "serve": 0}),
}
_OTHER_WORDS = {
    "accepted twice before the rule": "messages accepted twice",
    "accepted twice after the rule, and never before": "messages accepted twice",
    "accepted after the rule, though it was not sent again": "messages accepted twice",
    "accepted three times": "messages accepted twice",
    "accepted twice, though another was sent again": "messages accepted twice: 1 (m-1)",
    "sent again twice": "sent again more often than the rule may",
    "a legacy message that is where the wrong report puts it": "not where the reports put them",
    "an uncertain one, too": "not where the reports put them",
    "refusals of something else": "more than what broke explains",
    "refused here": "never reached Sinch",
    "expired here": "never reached Sinch",
    "given up without a doubt": "never reached Sinch",
    "refused here after it was uncertain": "never reached Sinch",
    "failed here": "never reached Sinch",
    "full only for a forged one": "to be full and never were",
    "calls that were taken": "more than what broke explains",
    "a legacy report, too": "wait though their send is known",
    "one that had to be killed": "did not end well",
}


@pytest.mark.parametrize("books", AGREE.values(), ids=AGREE)
def test_it_finds_nothing_where_the_books_agree(books: Books) -> None:
    assert account_of(books).problems == ()


@pytest.mark.parametrize(("what", "books"), DISAGREE.items(), ids=DISAGREE)
def test_it_finds_each_disagreement(what: str, books: Books) -> None:
    problems = account_of(books).problems
    assert [one for one in problems if _OTHER_WORDS.get(what, what) in one] != []


def test_by_the_legacy_api_the_number_stands_for_the_message() -> None:
    sends = (_send(our_id=""), _send(our_id="", id="S-2"), _send(our_id="", id="S-3", number=SECOND))
    problems = account_of(_books(sends=sends, api="sinch_legacy")).problems
    assert any("accepted twice" in one for one in problems)
    assert any(f"we do not know: 1 ({SECOND})" in one for one in problems)


def test_it_names_what_was_uncertain_and_by_what_it_was_settled() -> None:
    rows = (
        _row(was_uncertain=True, settled_by="report"),
        _row(id="m-2", recipient=SECOND, state="uncertain", was_uncertain=True),
    )
    told = "\n".join(account_of(_books(rows, customers=2)).lines)
    assert "were uncertain  2, settled 1, left to the operator 1" in told
    assert "by report" in told


def test_it_tells_apart_what_the_rule_had_sent_again() -> None:
    told = account_of(_sent_again(_row(), _send(heard=()), _send(id="S-2"))).lines
    assert "accepted        once 0, twice 1, never 0" in told
    assert "  sent again    1 uncertain ones by the project's rule, 1 of them accepted twice" in told
