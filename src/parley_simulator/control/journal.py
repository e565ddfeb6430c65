"""Reading the journal."""

import msgspec

from parley_simulator.control.answers import refused
from parley_simulator.exchange import Answer, Call, Route, ok
from parley_simulator.handsets import digits
from parley_simulator.journal import Filter
from parley_simulator.world import World


def routes() -> tuple[Route, ...]:
    """List, count, forget."""
    return (
        Route(method="GET", path="/_sim/journal", name="control.journal", story=_read),
        Route(method="DELETE", path="/_sim/journal", name="control.journal", story=_clear),
        Route(method="GET", path="/_sim/journal/counts", name="control.counts", story=_counts),
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


async def _clear(world: World, _call: Call) -> Answer:
    world.journal.clear()
    return ok({})
