"""Everything the simulator heard and said, newest kept, secrets masked."""

import re
from collections import Counter, deque
from datetime import datetime
from typing import Literal

import msgspec

from parley_simulator.ledger import Ledger, Send, Tally

JOURNAL_CEILING = 20_000
COUNTED_IDS_CEILING = 2_000_000
BODY_CEILING = 16_384  # characters of a body kept

Kind = Literal["request", "callback"]
By = Literal["our_id", "number", "message_id"]

SECRET_JSON = re.compile(
    r'("(?:secret|client_secret|key_secret|token|access_token|password|bearer|bearer_token|bearerToken|signing_key)"\s*:\s*)'
    r'"(?:[^"\\]|\\.)*"'
)
SECRET_FORM = re.compile(r"((?:client_secret|password|token)=)[^&]*")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange. `status` 0 means that nobody answered; `outcome` says in a word what came of it."""

    seq: int
    at: datetime
    kind: Kind
    api: str
    name: str
    method: str
    url: str
    status: int
    outcome: str
    our_id: str = ""
    numbers: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    body: str = ""
    answer: str = ""
    unknown_keys: tuple[str, ...] = ()
    fault: str = ""
    attempt: int = 0
    states: tuple[str, ...] = ()  # what a callback tells of each of `message_ids`


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list: entries after a sequence number, at most `limit`, matching everything given."""

    kind: str = ""
    our_id: str = ""
    number: str = ""
    name: str = ""
    after: int = 0
    limit: int = 500


class Journal:
    """A ring of entries, a count of accepted sends, and the ledger of the whole run."""

    def __init__(self) -> None:
        self._ring: deque[Entry] = deque(maxlen=JOURNAL_CEILING)
        self._seq = 0
        self.accepted: dict[By, Counter[str]] = _no_counts()
        self.ledger = Ledger()

    def write(self, entry: Entry) -> None:
        """Keep one entry under the next number, masked."""
        self._seq += 1
        masked = msgspec.structs.replace(entry, seq=self._seq, body=mask(entry.body), answer=mask(entry.answer))
        self._ring.append(masked)
        self._enter(entry)

    def count(self, our_id: str, number: str, message_id: str) -> None:
        """One send was accepted."""
        self.ledger.accepted(Send(message_id, our_id, number))
        words: dict[By, str] = {"our_id": our_id, "number": number, "message_id": message_id}
        for by, word in words.items():
            counts = self.accepted[by]
            if len(counts) < COUNTED_IDS_CEILING or word in counts:
                counts[word] += 1

    def read(self, wanted: Filter) -> list[Entry]:
        """Oldest first."""
        found = [entry for entry in self._ring if entry.seq > wanted.after and _matches(entry, wanted)]
        return found[: wanted.limit]

    def clear(self) -> None:
        """Forget all entries and counts; numbers go on."""
        self._ring.clear()
        self.accepted = _no_counts()
        self.ledger = Ledger()

    def _enter(self, entry: Entry) -> None:
        self.ledger.tallies[Tally(entry.kind, entry.name, entry.status, entry.outcome, entry.fault)] += 1
        if entry.kind == "callback" and entry.fault == "bad_signature":
            self.ledger.forged(entry.body.encode())
        elif entry.kind == "callback" and entry.outcome == "delivered":
            self.ledger.acknowledged(entry.body.encode(), list(zip(entry.message_ids, entry.states, strict=False)))


def mask(text: str) -> str:
    """Hide every secret's value, and cut long bodies."""
    hidden = SECRET_JSON.sub(r'\1"***"', text)
    return SECRET_FORM.sub(r"\1***", hidden)[:BODY_CEILING]


def _no_counts() -> dict[By, Counter[str]]:
    return {"our_id": Counter(), "number": Counter(), "message_id": Counter()}


def _matches(entry: Entry, wanted: Filter) -> bool:
    return (
        wanted.kind in {"", entry.kind}
        and wanted.our_id in {"", entry.our_id}
        and wanted.name in {"", entry.name}
        and (not wanted.number or wanted.number in entry.numbers)
    )
