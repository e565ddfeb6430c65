"""Places are shared so that everybody goes on, and whoever comes later finds room."""

from hypothesis import given
from hypothesis import strategies as st

from parley.queue.shares import Claimant, fair_shares

CLAIMANTS = st.lists(st.builds(Claimant, wants=st.integers(0, 300), has=st.integers(0, 100)), max_size=30)
ROOM = st.integers(0, 200)


@given(CLAIMANTS, ROOM)
def test_nobody_gets_more_than_there_is_or_than_it_wants(claimants: list[Claimant], room: int) -> None:
    shares = fair_shares(claimants, room)
    assert sum(shares) <= room
    assert all(0 <= share <= one.wants for one, share in zip(claimants, shares, strict=True))


@given(CLAIMANTS, ROOM)
def test_one_gets_more_only_of_what_another_does_not_want(claimants: list[Claimant], room: int) -> None:
    shares = fair_shares(claimants, room)
    filled = [one.has + share for one, share in zip(claimants, shares, strict=True) if share]
    short = [one.has + share for one, share in zip(claimants, shares, strict=True) if share < one.wants]
    assert not filled or not short or max(filled) <= min(short) + 1


@given(CLAIMANTS, st.integers(1, 200))
def test_somebody_without_a_place_gets_one_while_there_is_room(claimants: list[Claimant], room: int) -> None:
    anybody = any(one.wants and not one.has for one in claimants)
    assert sum(fair_shares(claimants, room)) > 0 or not anybody


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_it_leaves_as_much_free_as_the_fullest_holds(wants: list[int]) -> None:
    shares = fair_shares([Claimant(one) for one in wants], 200)
    assert 200 - sum(shares) >= max(shares)


def test_one_alone_gets_half_and_two_a_third_each() -> None:
    assert fair_shares([Claimant(1000)], 200) == [100]
    assert fair_shares([Claimant(1000), Claimant(1000)], 200) == [66, 66]


def test_what_one_leaves_the_others_get() -> None:
    assert fair_shares([Claimant(2), Claimant(1000)], 200) == [2, 99]


def test_the_earlier_comes_first_where_there_is_not_one_for_each() -> None:
    assert fair_shares([Claimant(5, has=1), Claimant(5), Claimant(5), Claimant(5)], 2) == [0, 1, 1, 0]
