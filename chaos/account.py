"""Do the simulator's ledger and our rows agree? Pure: two books in, sentences out.

By the Conversation API a message is found by our own id, which Sinch carries. The legacy API carries none: there every
customer has a number of its own and is written to once, so the number stands for the message.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from chaos.schedule import SENDS
from chaos.sinch import Ledger, Send
from parley.domain.counting import counted

CARRIES_OUR_ID = frozenset({"sinch_conversation"})
WAITING = frozenset({"planned", "queued", "sending"})
"""Where nothing may stand at the end."""
ON_ITS_WAY = frozenset({"accepted", "sent", "delivered", "read"})
"""Sinch took it."""
NEVER_LEFT = frozenset({"refused", "expired", "cancelled"})
BY_ORDER = frozenset({"given_up"})
"""Codes with which a person, or the project's rule, ends an uncertain message."""
COME_AGAIN = 503
"""What a callback is answered for which the spool has no room."""
HEIGHTS = {
    "dispatched": ("accepted", 0), "sent": ("sent", 1), "failed": ("failed", 2), "delivered": ("delivered", 3),
    "read": ("read", 4),
}  # fmt: skip
"""What a report says a message has come to, and which of several counts: a delivery corrects a wrong failure."""


class Row(msgspec.Struct, frozen=True):
    """One message as our database has it."""

    id: str
    recipient: str
    state: str
    code: str | None
    provider_message_id: str | None
    was_uncertain: bool
    settled_by: str | None
    """What took it out of *uncertain*."""
    sent_again: int = 0
    """How often the project's rule had it sent again while it was uncertain."""


class Books(msgspec.Struct, frozen=True):
    """Both sides, when nothing moves any more."""

    api: str
    customers: int
    rows: Sequence[Row]
    callbacks: frozenset[str]
    """SHA-256, in hex, of every callback that is stored."""
    untold: int
    """Messages whose state no campaign event tells."""
    under_way: int
    """Journeys and campaigns that have not ended."""
    early_reports: int
    """Reports that still wait for the answer to their send."""
    unjoined: int
    """Those of them whose answer is there."""
    unread: int
    """Callbacks that are stored and that nobody has read."""
    lost_calls: int
    """At most so many calls can have been lost by whoever was killed or stood still."""
    kills_missed: int
    """Were asked for, and hit nobody."""
    exits: Mapping[str, int | None]
    """Of the programs that were told to stop at the end; None had to be killed."""
    ledger: Ledger
    resends: int = 0
    """So often the project's rule may have a message sent again."""
    before: int | None = None
    """So many of the ledger's sends were accepted before that rule was followed; None: all."""
    spool: int | None = None
    """The most bytes of callbacks kept while the database is away, where the run was to reach it."""
    away: int = 0
    """So often was the database killed."""

    @property
    def refusals(self) -> int:
        """Calls that Sinch did not take. Each may have left one message uncertain: its answer was cut, or forgotten
        with the process that was to record it.
        """
        refused = ("request", SENDS[self.api], "refused")
        return sum(one.count for one in self.ledger.tallies if (one.kind, one.name, one.outcome) == refused)

    @property
    def come_again(self) -> int:
        """Genuine callbacks that found no room: a forged one is told the same while nobody can look up the secret."""
        told = [one for one in self.ledger.tallies if one.kind == "callback" and one.status == COME_AGAIN]
        return sum(one.count for one in told if one.fault != "bad_signature")


class Account(msgspec.Struct, frozen=True):
    """What came out. It agrees when there are no problems."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


def account_of(books: Books) -> Account:
    """Counts, and every disagreement that was found (the first few of each kind)."""
    sends = _sends_by_row(books)
    pairs = [(row, sends.get(_key(books, row), ())) for row in books.rows]
    found = {sentence: list(judge(books, pairs)) for sentence, judge in _JUDGES.items()}
    problems = [f"{sentence}: {len(ids)} ({', '.join(ids[:5])})" for sentence, ids in found.items() if ids]
    return Account(tuple(_lines(books, pairs)), tuple(problems))


_Pair = tuple[Row, Sequence[Send]]


def _key(books: Books, row: Row) -> str:
    return row.id if books.api in CARRIES_OUR_ID else row.recipient


def _name(books: Books, send: Send) -> str:
    """The key of its row."""
    return send.our_id if books.api in CARRIES_OUR_ID else send.number


def _sends_by_row(books: Books) -> Mapping[str, Sequence[Send]]:
    sends: dict[str, list[Send]] = defaultdict(list)
    for send in books.ledger.sends:
        sends[_name(books, send)].append(send)
    return sends


def _never_planned(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from ["a customer without a message"] * max(0, books.customers - len(pairs))


def _planned_twice(_: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    counts = Counter(row.recipient for row, _ in pairs)
    yield from (recipient for recipient, count in counts.items() if count > 1)


def _accepted_twice(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    """Once at most before the rule was followed; after that as often as its own record says that the rule had it sent
    again. An acceptance that did not come before leaves no room for one more after it.
    """
    early = Counter(_name(books, send) for send in books.ledger.sends[: books.before])
    for row, sends in pairs:
        before = early[_key(books, row)]
        if before > 1 or len(sends) - before > row.sent_again:
            yield row.id


def _sent_again_too_often(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from (row.id for row, _ in pairs if row.sent_again > books.resends)


def _sent_by_nobody(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    ours = {_key(books, row) for row, _ in pairs}
    yield from (key for key in _sends_by_row(books) if key not in ours)


def _still_waiting(_: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from (f"{row.id} {row.state} {row.code}" for row, _ in pairs if row.state in WAITING)


def _accepted_by_nobody(_: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from (f"{row.id} {row.state}" for row, sends in pairs if row.state in ON_ITS_WAY and not sends)


def _ended_though_accepted(_: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from (f"{row.id} {row.state}" for row, sends in pairs if row.state in NEVER_LEFT and sends)


def _never_accepted(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    """Some honestly were not: their call was lost, and nobody may make it again. More are a fault of ours."""
    never = [f"{row.id} {row.state} {row.code}" for row, sends in pairs if not sends]
    if len(never) > books.lost_calls + books.refusals:
        yield from never


def _never_called(_: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    """However few. Sinch refuses nobody for good here: what it never accepted was uncertain, and is so or given up."""
    for row, sends in pairs:
        in_doubt = row.was_uncertain and (row.state == "uncertain" or row.code in BY_ORDER)
        if not sends and not in_doubt:
            yield f"{row.id} {row.state} {row.code}"


def _not_as_reported(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    for row, sends in pairs:
        wanted = _reported(books, row, sends)
        if wanted is not None and row.state != wanted:
            yield f"{row.id} {row.state} {row.code}, but {wanted} was reported"


def _reported(books: Books, row: Row, sends: Sequence[Send]) -> str | None:
    """Where the acknowledged reports put it; None where no report can have reached its row."""
    if row.code in BY_ORDER or not (known := [send for send in sends if _is_known(books, row, send)]):
        return None
    states = [HEIGHTS[one] for send in known for one in send.heard if one in HEIGHTS]
    highest = max(states, key=lambda pair: pair[1], default=None)
    if highest is None:
        return None if row.state == "uncertain" else "accepted"
    return highest[0]


def _is_known(books: Books, row: Row, send: Send) -> bool:
    """Without our own id its reports name one that only its answer told, and that may have been lost."""
    return books.api in CARRIES_OUR_ID or send.id == row.provider_message_id


def _callbacks_lost(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from sorted(books.ledger.callbacks - books.callbacks)


def _callbacks_refused(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    for tally in books.ledger.tallies:
        if tally.kind == "callback" and tally.outcome == "dropped" and tally.fault != "bad_signature":
            yield from [f"{tally.name} answered {tally.status}"] * tally.count


def _forged_stored(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    """While the database is away the spool takes them unchecked; the replay must not believe them."""
    yield from sorted(books.ledger.forged & books.callbacks)


def _unread(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from ["a callback"] * books.unread


def _unjoined(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    """A report with our own id waits for no answer; another one for ever, where its send was never answered."""
    yield from ["a report"] * (books.early_reports if books.api in CARRIES_OUR_ID else books.unjoined)


def _untold(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from ["a message"] * books.untold


def _under_way(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from ["one"] * books.under_way


def _never_full(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    """A run that was to fill the spool, and had the database away for it, has not played that."""
    if books.spool is not None and books.away and not books.come_again:
        yield f"{counted(books.spool, 'bytes')}, {counted(books.away, 'kills')} of the database"


def _kills_missed(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from ["a kill"] * abs(books.kills_missed)


def _ended_badly(books: Books, _: Sequence[_Pair]) -> Iterator[str]:
    yield from (f"{name}: {code}" for name, code in books.exits.items() if code != 0)


_JUDGES: dict[str, Callable[[Books, Sequence[_Pair]], Iterator[str]]] = {
    "customers to whom nothing was ever planned": _never_planned,
    "numbers with more than one message": _planned_twice,
    "messages accepted twice": _accepted_twice,
    "messages sent again more often than the rule may": _sent_again_too_often,
    "messages at Sinch that we do not know": _sent_by_nobody,
    "messages that stand still": _still_waiting,
    "messages on their way that Sinch never accepted": _accepted_by_nobody,
    "messages ended here that Sinch accepted": _ended_though_accepted,
    "messages that Sinch never accepted, more than what broke explains": _never_accepted,
    "messages that never reached Sinch, and nobody was in doubt": _never_called,
    "messages that are not where the reports put them": _not_as_reported,
    "callbacks that we acknowledged and do not have": _callbacks_lost,
    "genuine callbacks that we refused": _callbacks_refused,
    "forged callbacks that we believed": _forged_stored,
    "callbacks that nobody has read": _unread,
    "reports that wait though their send is known": _unjoined,
    "messages whose state no campaign event tells": _untold,
    "journeys or campaigns that have not ended": _under_way,
    "spools that were to be full and never were": _never_full,
    "kills that hit nobody, or too many": _kills_missed,
    "programs that did not end well": _ended_badly,
}


def _lines(books: Books, pairs: Sequence[_Pair]) -> Iterator[str]:
    accepted = Counter(min(len(sends), 2) for _, sends in pairs)
    by_what = "by our own id" if books.api in CARRIES_OUR_ID else "by its number, one message each"
    yield f"messages        {len(pairs)}, found at Sinch {by_what}"
    yield f"accepted        once {accepted[1]}, twice {accepted[2]}, never {accepted[0]}"
    yield f"  never         at most {books.lost_calls} by calls that were lost, and {books.refusals} that Sinch refused"
    if again := [sends for row, sends in pairs if row.sent_again]:
        twice = sum(len(sends) > 1 for sends in again)
        yield f"  sent again    {len(again)} uncertain ones by the project's rule, {twice} of them accepted twice"
    for state, count in Counter(row.state for row, _ in pairs).most_common():
        yield f"  {state:<13} {count}{_why(state, pairs)}"
    yield from _uncertain(pairs)
    yield from _callbacks(books)


def _why(state: str, pairs: Sequence[_Pair]) -> str:
    if state in ("accepted", "sent"):
        return ": no later report was acknowledged (dropped by order, or the phone stayed silent)"
    if state in ("failed", "uncertain", "refused"):
        codes = Counter((str(row.code), len(sends)) for row, sends in pairs if row.state == state)
        told = [f"{code} {count} ({_times(times)})" for (code, times), count in codes.most_common()]
        return f": {', '.join(told)}"
    return ""


def _times(accepted: int) -> str:
    return {0: "never accepted", 1: "accepted"}.get(accepted, f"accepted {accepted} times")


def _uncertain(pairs: Sequence[_Pair]) -> Iterator[str]:
    were = [row for row, _ in pairs if row.was_uncertain]
    settled = Counter(row.settled_by for row in were if row.state != "uncertain")
    yield f"were uncertain  {len(were)}, settled {settled.total()}, left to the operator {len(were) - settled.total()}"
    for by, count in settled.most_common():
        yield f"  by {by:<10} {count}"


def _callbacks(books: Books) -> Iterator[str]:
    again = sum(tally.count for tally in books.ledger.tallies if tally.outcome == "retry" and tally.status)
    outcomes, faults = books.ledger.callbacks_by("outcome"), books.ledger.callbacks_by("fault")
    yield f"callbacks       {outcomes.total()} tries, {outcomes['delivered']} acknowledged"
    yield f"  to come again {outcomes['retry']}, answered {again} of them, genuine and no room {books.come_again}"
    yield f"  acknowledged  {len(books.ledger.callbacks)} different ones, stored {len(books.callbacks)}"
    yield f"  lost by order {outcomes['lost on purpose']}"
    yield f"  forged        {len(books.ledger.forged)}, stored {len(books.ledger.forged & books.callbacks)}"
    yield f"  doubled       {faults['duplicate']} tries"
    yield f"  early reports {books.early_reports} still wait for the answer to their send"
