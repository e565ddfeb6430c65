"""Who is meant when a call carries several ids: found, new, or two who turn out to be one.

The merge rules are those of exponea.md 4.1. Pure: it takes what is known and says what has to change.

* An id value belongs to one customer.
* Customers with different values of the same hard id never merge. A soft id they share goes to the customer whom the
  call names; the older events stay where they are.
* Otherwise they merge into the one created first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.customer import Address, AddressKind, CustomerIds


class Known(msgspec.Struct, frozen=True):
    """A customer that is stored, as far as identity goes."""

    id: UUID
    created_at: datetime
    hard: Mapping[str, str] = {}


class Contradiction(msgspec.Struct, frozen=True):
    """The hard ids of one call belong to customers who must not merge: the call means nobody."""

    sentence: str


class Merge(msgspec.Struct, frozen=True):
    """Everything of `source` becomes the destination's."""

    source: UUID
    destination: UUID


class Changes(msgspec.Struct, frozen=True):
    """What has to be stored so that every call has its customer."""

    customers: tuple[UUID | Contradiction, ...]
    """One for each call, after all merges."""
    created: tuple[UUID, ...]
    added: Mapping[Address, UUID]
    moved: Mapping[Address, UUID]
    losers: frozenset[UUID]
    """From whom an address was moved away."""
    merges: tuple[Merge, ...]
    """In the order in which they have to be done."""


def identify(
    calls: Sequence[CustomerIds],
    owners: Mapping[Address, UUID],
    known: Iterable[Known],
    new_id: Callable[[], UUID],
    now: datetime,
) -> Changes:
    """Goes through the calls in their order, as if each came alone."""
    book = _Book(owners, known, new_id, now)
    meant = tuple(book.identify(ids) for ids in calls)
    return book.changes(meant)


def known_already(calls: Sequence[CustomerIds], owners: Mapping[Address, UUID]) -> tuple[UUID, ...] | None:
    """The customers, when the ids of each call all lead to one: nearly every batch, and `identify` changes nothing."""
    meant = []
    for ids in calls:
        only, *others = {owners.get(address) for address in ids.addresses()}
        if only is None or others:
            return None
        meant.append(only)
    return tuple(meant)


class _Book:
    """Who owns what, kept up to date call by call."""

    def __init__(
        self, owners: Mapping[Address, UUID], known: Iterable[Known], new_id: Callable[[], UUID], now: datetime
    ) -> None:
        self._before = owners
        self._owners = dict(owners)
        self._known = {one.id: one for one in known}
        self._new_id = new_id
        self._now = now
        self._created: list[UUID] = []
        self._merges: list[Merge] = []

    def identify(self, ids: CustomerIds) -> UUID | Contradiction:
        only, *others = {self._owners.get(address) for address in ids.addresses()}
        if only is not None and not others:
            return only  # nearly every call: nothing to decide
        by_hard = self._owners_of(ids, AddressKind.HARD)
        hard = self._united(dict(ids.hard), by_hard)
        if isinstance(hard, Contradiction):
            return hard
        same = list(by_hard)
        for one in self._owners_of(ids, AddressKind.SOFT):
            if one not in same and not _clash(hard, one.hard):
                same.append(one)
                hard |= one.hard
        return self._settle(ids, same, hard)

    def _owners_of(self, ids: CustomerIds, kind: AddressKind) -> list[Known]:
        """The newest first: of two strangers on one device, the last to come is the one who is there."""
        found = {self._owners[at] for at in ids.addresses() if at.kind == kind and at in self._owners}
        return sorted((self._known[one] for one in found), key=lambda one: (one.created_at, one.id), reverse=True)

    def _united(self, hard: dict[str, str], customers: Iterable[Known]) -> dict[str, str] | Contradiction:
        for one in customers:
            if names := _clash(hard, one.hard):
                sentence = f"These ids belong to different customers: {', '.join(names)} has another value there."
                return Contradiction(sentence)
            hard |= one.hard
        return hard

    def _settle(self, ids: CustomerIds, same: list[Known], hard: Mapping[str, str]) -> UUID:
        target = min(same, key=lambda one: (one.created_at, one.id)) if same else self._create()
        for one in same:
            if one.id != target.id:
                self._merge(one.id, target.id)
        self._known[target.id] = Known(target.id, target.created_at, hard)
        self._owners |= dict.fromkeys(ids.addresses(), target.id)
        return target.id

    def _create(self) -> Known:
        created = Known(self._new_id(), self._now)
        self._created.append(created.id)
        return created

    def _merge(self, source: UUID, destination: UUID) -> None:
        self._merges.append(Merge(source, destination))
        self._owners |= {at: destination for at, owner in self._owners.items() if owner == source}

    def changes(self, meant: tuple[UUID | Contradiction, ...]) -> Changes:
        went = {merge.source: merge.destination for merge in self._merges}
        stored = {at: _last(owner, went) for at, owner in self._before.items()}
        moved = {at: owner for at, owner in self._owners.items() if at in stored and owner != stored[at]}
        return Changes(
            customers=tuple(_last(one, went) if isinstance(one, UUID) else one for one in meant),
            created=tuple(self._created),
            added={at: owner for at, owner in self._owners.items() if at not in stored},
            moved=moved,
            losers=frozenset(stored[at] for at in moved),
            merges=tuple(self._merges),
        )


def _clash(hard: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return [name for name, value in other.items() if hard.get(name, value) != value]


def _last(customer: UUID, went: Mapping[UUID, UUID]) -> UUID:
    while customer in went:
        customer = went[customer]
    return customer
