"""Two customers become one while something is being sent to them: nothing is parked, lost or doubled."""

import asyncio
from uuid import UUID

from structlog.testing import capture_logs

from parley.domain.identity import Merge
from parley.domain.ids import bucket_of
from parley.services.advance_journeys import advance_journeys
from parley.services.merge_customers import merge_customers
from parley.services.plan_campaigns import plan_campaigns
from parley.store.customers import lock_attributes_of
from parley.store.database import Connection, sql
from tests.support.builders import Cast, add_customer, consent_event
from tests.walks.test_campaigns import SALE
from tests.walks.walk import Walk

SECONDS = 20
PHONE = "+421901000001"
REMINDER = {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"]}
REMIND = {
    "kind": "scenario",
    "name": "remind",
    "settings": {"consent_category": "whatsapp"},
    "nodes": [{"id": "go", "type": "on_event", "event": "remind", "next": "send"}, {"id": "send", **REMINDER}],
}


async def alice_again(walk: Walk) -> UUID:
    """Another customer, who turns out to be Alice."""
    again = await add_customer(walk.database, walk.project, "again", {"phone": PHONE, "first_name": "Alice"})
    await walk.track(again, "consent", **consent_event(again, "accept").properties)
    return again


async def _leave(connection: Connection, source: UUID, into: UUID) -> None:
    """The locks with which a merge begins."""
    await lock_attributes_of(connection, [source, into])
    await sql.merges.lock_source(connection, bucket=bucket_of(source), source=source)


async def _merge(connection: Connection, walk: Walk, source: UUID, into: UUID) -> None:
    await merge_customers(connection, walk.project_id, Merge(source, into), walk.now)


async def _somebody_waits(connection: Connection) -> None:
    async with asyncio.timeout(SECONDS):
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        while not await connection.fetchval(waiting):  # noqa: ASYNC110  another connection: no event to await
            await asyncio.sleep(0.01)


async def test_a_journey_of_somebody_who_is_being_merged_waits_for_nobody_and_has_its_turn_then(
    walk: Walk, people: Cast
) -> None:
    again = await alice_again(walk)
    await walk.come_to_rest()
    await walk.track(again, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/8")
    with capture_logs() as logs:
        async with walk.database.transaction() as connection:
            await _leave(connection, again, people.alice)
            assert await asyncio.wait_for(advance_journeys(walk.database, walk.now), SECONDS) == 1
            assert await asyncio.wait_for(advance_journeys(walk.database, walk.now), SECONDS) == 0
            await _merge(connection, walk, again, people.alice)
        await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 2
    assert [one["event"] for one in logs if one["log_level"] != "info"] == []


async def test_who_is_merged_while_a_journey_writes_to_them_is_merged_after_it(walk: Walk, people: Cast) -> None:
    again = await alice_again(walk)
    await walk.come_to_rest()
    await walk.apply(REMIND)
    await walk.track(again, "remind")
    async with walk.database.connection() as connection:
        await connection.execute("BEGIN")
        await connection.execute("LOCK TABLE messages IN SHARE MODE")  # the journey comes to its message, and waits

        async def merge() -> None:
            async with walk.database.transaction() as own:
                await _leave(own, again, people.alice)
                await _merge(own, walk, again, people.alice)

        moving = asyncio.create_task(advance_journeys(walk.database, walk.now))
        await _somebody_waits(connection)
        merging = asyncio.create_task(merge())
        await connection.execute("COMMIT")
    assert await asyncio.wait_for(moving, SECONDS) == 1
    await asyncio.wait_for(merging, SECONDS)
    await walk.come_to_rest()
    assert [body["to"] for body in walk.sinch.bodies()] == [["421901000001"]]
    assert await walk.states(people.alice, "template") == ["queued", "accepted"]


async def test_a_campaign_that_comes_to_somebody_who_is_being_merged_writes_once(walk: Walk, people: Cast) -> None:
    again = await alice_again(walk)
    await walk.apply(SALE)
    await walk.launch("sale")
    async with walk.database.transaction() as connection:
        await _leave(connection, again, people.alice)
        planning = [asyncio.create_task(_plan_all(walk)) for _ in range(2)]
        await _somebody_waits(connection)
        await _merge(connection, walk, again, people.alice)
    await asyncio.wait_for(asyncio.gather(*planning), SECONDS)
    await walk.come_to_rest()
    assert [body["to"] for body in walk.sinch.bodies()] == [["421901000001"]]
    progress = await walk.progress("sale")
    assert progress.run is not None
    assert (progress.run.state, progress.run.broken) == ("ended", 0)


async def test_who_is_merged_after_their_turn_brings_the_message_along_and_gets_no_other(
    walk: Walk, people: Cast
) -> None:
    again = await alice_again(walk)
    await walk.apply(SALE)
    await walk.launch("sale")
    while not (planned := await _planned(walk, again, people.alice)):
        assert await walk.campaigns_move()
    async with walk.database.transaction() as connection:
        await _leave(connection, again, people.alice)
        await _merge(connection, walk, again, people.alice)
    await walk.come_to_rest()
    assert await _planned(walk, again, people.alice) == planned
    assert len(walk.sinch.bodies()) <= planned  # two, where both shares had their turn in the same moment


async def _planned(walk: Walk, *customer_ids: UUID) -> int:
    async with walk.database.connection() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM messages WHERE run_id IS NOT NULL AND customer_id = ANY($1)", customer_ids
        )
        return count


async def _plan_all(walk: Walk) -> None:
    while await plan_campaigns(walk.database, walk.now):
        pass


async def test_a_customer_who_breaks_the_work_of_a_campaign_is_passed_over(walk: Walk, people: Cast) -> None:
    """Somebody whom the store itself refuses to write to."""
    dora = await add_customer(walk.database, walk.project, "dora", {"phone": "+421901000008", "first_name": "Dora"})
    await walk.track(dora, "consent", **consent_event(dora, "accept").properties)
    await walk.come_to_rest()
    async with walk.database.transaction() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not to her'; END $$;"
            f"CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.customer_id = '{dora}') "
            "EXECUTE FUNCTION refuse()"
        )
    await walk.apply(SALE)
    await walk.launch("sale")
    with capture_logs() as logs:
        await walk.come_to_rest()
    assert [body["to"] for body in walk.sinch.bodies()] == [["421901000001"]]
    progress = await walk.progress("sale")
    assert progress.run is not None
    assert (progress.run.state, progress.run.looked_at, progress.run.broken) == ("ended", 4, 1)
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["passed over"]
