"""Reading the journal, and the ledger of the whole run."""

from typing import Annotated

import msgspec

from parley_simulator.control.answers import refused
from parley_simulator.exchange import Answer, Call, Route, ok
from parley_simulator.handsets import digits
from parley_simulator.journal import Filter
from parley_simulator.ledger import PAGE_CEILING
from parley_simulator.world import World


class Page(msgspec.Struct, frozen=True):
    """Which part of a long list."""

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_CEILING)] = PAGE_CEILING


def routes() -> tuple[Route, ...]:
    """List, count, forget."""
    return (
        Route(method="GET", path="/_sim/journal", name="control.journal", story=_read),
        Route(method="DELETE", path="/_sim/journal", name="control.journal", story=_clear),
        Route(method="GET", path="/_sim/journal/counts", name="control.counts", story=_counts),
        Route(method="GET", path="/_sim/ledger", name="control.ledger", story=_ledger),
        Route(method="GET", path="/_sim/ledger/sends", name="control.ledger", story=_sends),
        Route(method="GET", path="/_sim/ledger/callbacks", name="control.ledger", story=_hashes),
        Route(method="GET", path="/_sim/ledger/forged", name="control.ledger", story=_forged),
    )


async def _read(world: World, call: Call) -> Answer:
    try:
        wanted = msgspec.convert(call.query, Filter, strict=False)
    except msgspec.ValidationError as error:
        return refused(str(error))
    entries = world.journal.read(msgspec.structs.replace(wanted, number=digits(wanted.number)))
    return ok({"entries": entries, "last": entries[-1].seq if entries else wanted.after})


async def _counts(world: World, call: Call) -> Answer:
    """How often each id was accepted; `at_least=2` lists only the double sends."""
    by, least = call.query.get("by", "our_id"), call.query.get("at_least", "1")
    if not least.isdecimal():
        return refused("at_least must be a number")
    for name, counts in world.journal.accepted.items():
        if name == by:
            wanted = {word: count for word, count in counts.items() if count >= int(least)}
            return ok({"by": by, "total": counts.total(), "distinct": len(counts), "counts": wanted})
    return refused("by must be our_id, number or message_id")


async def _ledger(world: World, _call: Call) -> Answer:
    ledger = world.journal.ledger
    tallies = [{**msgspec.structs.asdict(tally), "count": count} for tally, count in ledger.tallies.items()]
    return ok({**ledger.totals, "is_whole": ledger.is_whole, "tallies": tallies})


async def _sends(world: World, call: Call) -> Answer:
    """Of each accepted send, whose it was and of which states the shop acknowledged."""
    page = _page(call)
    return page if isinstance(page, Answer) else ok({"sends": world.journal.ledger.sends(page.after, page.limit)})


async def _hashes(world: World, call: Call) -> Answer:
    """SHA-256 of each body that the shop acknowledged."""
    page = _page(call)
    return page if isinstance(page, Answer) else ok({"callbacks": world.journal.ledger.hashes(page.after, page.limit)})


async def _forged(world: World, call: Call) -> Answer:
    """SHA-256 of each body that was sent with a wrong signature."""
    page = _page(call)
    ledger = world.journal.ledger
    return page if isinstance(page, Answer) else ok({"forged": ledger.forged_hashes(page.after, page.limit)})


def _page(call: Call) -> Page | Answer:
    try:
        return msgspec.convert(call.query, Page, strict=False)
    except msgspec.ValidationError as error:
        return refused(str(error))


async def _clear(world: World, _call: Call) -> Answer:
    world.journal.clear()
    return ok({})
