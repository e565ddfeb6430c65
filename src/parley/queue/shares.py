"""Sharing places among those who wait for them. Pure."""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec


class Claimant(msgspec.Struct, frozen=True):
    """Somebody who wants places, and has some already."""

    wants: int
    has: int = 0


def fair_shares(claimants: Sequence[Claimant], room: int) -> list[int]:
    """How many of the `room` free places each gets: all are filled to one level, none beyond what it wants.

    As many places as the fullest then holds stay free, for somebody who comes later: whoever keeps its places for long
    takes none from others. Where not even one can be given to each, those who have none get one, the earlier first.
    """
    level = _level(claimants, room)
    if level > 0:
        return [_up_to(level, one) for one in claimants]
    shares = []
    for one in claimants:
        shares.append(min(1, one.wants, room) if one.has == 0 else 0)
        room -= shares[-1]
    return shares


def _level(claimants: Sequence[Claimant], room: int) -> int:
    def taken(level: int) -> int:
        return level + sum(_up_to(level, one) for one in claimants)

    return bisect_right(range(room + 1), room, key=taken) - 1


def _up_to(level: int, one: Claimant) -> int:
    return min(one.wants, max(0, level - one.has))
