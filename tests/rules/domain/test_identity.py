"""Who is meant by several ids: the merge rules, and that calls together do what they do one by one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from parley.domain.customer import Address, AddressKind, CustomerIds
from parley.domain.identity import Changes, Contradiction, Known, Merge, identify, known_already

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OLD, NEW = Known(UUID(int=1), NOW - timedelta(days=2)), Known(UUID(int=2), NOW - timedelta(days=1))


def hard(value: str, name: str = "registered") -> Address:
    return Address(AddressKind.HARD, name, value)


def soft(value: str) -> Address:
    return Address(AddressKind.SOFT, "cookie", value)


def call(registered: str | None = None, *cookies: str, loyalty: str | None = None) -> CustomerIds:
    named = {"registered": registered, "loyalty": loyalty}
    return CustomerIds({k: v for k, v in named.items() if v}, {"cookie": cookies} if cookies else {})


def numbered() -> Callable[[], UUID]:
    numbers: Iterator[int] = count(100)
    return lambda: UUID(int=next(numbers))


def test_a_visitor_who_logs_in_is_merged_into_the_one_created_first() -> None:
    known = [OLD, Known(NEW.id, NEW.created_at, {"registered": "jana"})]
    changes = identify([call("jana", "c")], {soft("c"): OLD.id, hard("jana"): NEW.id}, known, numbered(), NOW)
    assert changes.customers == (OLD.id,)
    assert changes.merges == (Merge(source=NEW.id, destination=OLD.id),)
    assert not changes.moved


def test_a_hard_id_joins_the_customer_of_the_soft_one() -> None:
    changes = identify([call("jana", "c")], {soft("c"): OLD.id}, [OLD], numbered(), NOW)
    assert changes.customers == (OLD.id,)
    assert changes.added == {hard("jana"): OLD.id}


def test_another_person_on_the_device_gets_the_soft_id_and_nothing_else() -> None:
    jana = Known(OLD.id, OLD.created_at, {"registered": "jana"})
    changes = identify([call("peter", "c")], {soft("c"): jana.id, hard("jana"): jana.id}, [jana], numbered(), NOW)
    (peter,) = changes.created
    assert changes.customers == (peter,)
    assert changes.moved == {soft("c"): peter}
    assert changes.losers == {jana.id}
    assert not changes.merges


def test_hard_ids_of_two_people_mean_nobody() -> None:
    jana, peter = Known(OLD.id, NOW, {"registered": "jana"}), Known(NEW.id, NOW, {"registered": "p", "loyalty": "2"})
    owners = {hard("jana"): jana.id, hard("2", "loyalty"): peter.id}
    changes = identify([call("jana", loyalty="2")], owners, [jana, peter], numbered(), NOW)
    assert isinstance(changes.customers[0], Contradiction)
    assert [changes.created, changes.added, changes.moved, changes.merges] == [(), {}, {}, ()]


def test_a_call_before_a_merge_in_the_same_batch_means_the_merged_customer() -> None:
    changes = identify([call("jana"), call(None, "c"), call("jana", "c")], {}, [], numbered(), NOW)
    assert len(set(changes.customers)) == 1


CALLS = st.lists(
    st.builds(
        lambda registered, loyalty, cookies: call(registered, *cookies, loyalty=loyalty),
        st.sampled_from([None, "jana", "peter"]),
        st.sampled_from([None, "1", "2"]),
        st.lists(st.sampled_from("abc"), max_size=2, unique=True),
    ).filter(lambda ids: bool(ids.hard or ids.soft)),
    max_size=8,
)


class Memory:
    """A store of identities in memory: applies what was decided."""

    def __init__(self) -> None:
        self.owners: dict[Address, UUID] = {}
        self.created: dict[UUID, datetime] = {}
        self.went: dict[UUID, UUID] = {}
        self.new_id = numbered()

    def apply(self, calls: list[CustomerIds], now: datetime) -> Changes:
        changes = identify(calls, self.owners, self.known(), self.new_id, now)
        self.created |= dict.fromkeys(changes.created, now)
        for merge in changes.merges:
            self.went[merge.source] = merge.destination
            self.owners = {at: merge.destination if one == merge.source else one for at, one in self.owners.items()}
        self.owners |= {**changes.added, **changes.moved}
        return changes

    def known(self) -> list[Known]:
        return [Known(one, at, self.hard_ids(one)) for one, at in self.created.items() if one not in self.went]

    def hard_ids(self, customer: UUID) -> dict[str, str]:
        return {at.name: at.value for at, one in self.owners.items() if one == customer and at.kind == AddressKind.HARD}

    def partition(self) -> set[frozenset[Address]]:
        groups: dict[UUID, set[Address]] = {}
        for address, owner in self.owners.items():
            groups.setdefault(owner, set()).add(address)
        return {frozenset(group) for group in groups.values()}


@given(CALLS)
def test_a_batch_does_what_its_calls_do_one_by_one(calls: list[CustomerIds]) -> None:
    together, apart = Memory(), Memory()
    together.apply(calls, NOW)
    for one in calls:
        apart.apply([one], NOW)
    assert together.partition() == apart.partition()


@given(CALLS)
def test_a_customer_never_has_two_values_of_a_hard_id(calls: list[CustomerIds]) -> None:
    memory = Memory()
    for number, one in enumerate(calls):
        memory.apply([one], NOW + timedelta(seconds=number))
    for group in memory.partition():
        names = [address.name for address in group if address.kind == AddressKind.HARD]
        assert len(names) == len(set(names))


@given(CALLS)
def test_the_ids_of_a_call_lead_to_its_customer_afterwards(calls: list[CustomerIds]) -> None:
    memory = Memory()
    for one in calls:
        (meant,) = memory.apply([one], NOW).customers
        if isinstance(meant, UUID):
            assert {memory.owners[address] for address in one.addresses()} == {meant}


@given(CALLS, CALLS)
def test_calls_of_known_customers_change_nothing(before: list[CustomerIds], calls: list[CustomerIds]) -> None:
    memory = Memory()
    memory.apply(before, NOW)
    known = known_already(calls, memory.owners)
    changes = memory.apply(calls, NOW)
    if known is not None:  # None promises nothing: an address may move away and back within one batch
        assert known == changes.customers
        assert not any((changes.created, changes.added, changes.moved, changes.merges))


@given(CALLS)
def test_a_batch_said_again_is_known_when_each_call_was_known_to_lead_to_one(calls: list[CustomerIds]) -> None:
    memory = Memory()
    memory.apply(calls, NOW)
    ends = [{memory.owners.get(address) for address in one.addresses()} for one in calls]
    lead_to_one = all(len(end) == 1 and None not in end for end in ends)
    assert (known_already(calls, memory.owners) is not None) == lead_to_one
