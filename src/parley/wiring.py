"""What goes on in the house, API and loops: the only file that knows which concrete thing goes where."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from litestar.types import ASGIApp

from parley.api.app import create_app
from parley.house import House, spool_of
from parley.providers.http import HttpClient
from parley.queue.loop import Loop, Step
from parley.services.advance_journeys import advance_journeys
from parley.services.callback_intake import open_intake
from parley.services.deliver_messages import Delivery
from parley.services.expire_messages import expire_messages
from parley.services.fall_back import fall_back
from parley.services.forget import forget
from parley.services.give_back_places import give_back_places
from parley.services.judge_anew import judge_anew
from parley.services.keep_books import keep_books
from parley.services.look_at_provider import Looker
from parley.services.pairs import forget_paid
from parley.services.patience import Patience
from parley.services.plan_campaigns import plan_campaigns
from parley.services.receive_reports import sweep_early_reports
from parley.services.settle_by_rule import settle_by_rule
from parley.services.steer_campaigns import steer_campaigns
from parley.services.sync_templates import TemplateSync
from parley.services.tiers import forget_past
from parley.services.turns import PLACES
from parley.store.database import Database, sql
from parley.store.wakeups import listening

CAMPAIGN_SECONDS = 5.0
"""How often a worker looks at campaigns that nothing wakes it for: those whose time has come, or that are over."""
CONNECTIONS = PLACES + 20
"""Every call under way has one, however long the providers of others stay silent; some are for looks and templates."""
BOOKS_SECONDS = 5.0
"""How often a worker adds up what messages cost, and looks at the budgets."""
EXPIRE_SECONDS = 30.0
"""How often a worker looks for messages that have lost their use where no claim looks at them."""
FALL_BACK_SECONDS = 5.0
"""How often a worker looks for free texts that WhatsApp found outside the window, to send their templates."""
FORGET_SECONDS = 60.0
"""How often a worker looks for what is no longer kept."""
JUDGE_SECONDS = 5.0
"""How often a worker looks for what is to be judged anew that nothing wakes it for: what somebody else had locked, or
was still judging."""
TEMPLATES_SECONDS = 5.0
"""How often a worker looks whether a template is to be handed in or looked at."""
SETTLE_SECONDS = 15.0
"""How often a worker looks for what is uncertain."""
SWEEP_SECONDS = 15.0
"""How often a worker looks for reports that crossed the answer to their send, and for paid pairs and past tiers."""


@asynccontextmanager
async def open_app(house: House) -> AsyncIterator[ASGIApp]:
    """The API with all its doors."""
    sql.read_all()
    spool, limit = spool_of(house.config), house.config.spool_bytes
    async with open_intake(house.database, house.box, house.clock, spool, limit) as intake:
        yield create_app(
            database=house.database, database_url=house.database_url, clock=house.clock, box=house.box, intake=intake
        )


@asynccontextmanager
async def open_loops(house: House) -> AsyncIterator[list[Loop]]:
    """A worker's loops, woken by what other processes write. At the end, what is in flight is finished."""
    sql.read_all()

    async def campaigns() -> int:
        steered = await steer_campaigns(house.database, house.clock())
        return steered + await plan_campaigns(house.database, house.clock())

    patience = Patience(house.config.lease)
    async with HttpClient(connections=CONNECTIONS, turn_timeout=patience.turn_seconds) as wire:
        delivery = Delivery(house.database, house.box, wire, house.clock, house.chance, patience)
        woken = [
            Loop("deliver", delivery.step, house.chance),
            Loop("journeys", _due(house, advance_journeys), house.chance),
            Loop("campaigns", campaigns, house.chance, idle_seconds=CAMPAIGN_SECONDS),
            Loop("judge anew", _due(house, judge_anew), house.chance, idle_seconds=JUDGE_SECONDS),
        ]
        looker = Looker(house.database, house.box, wire, house.clock, house.chance)
        templates = TemplateSync(house.database, house.box, wire, house.clock, house.chance)

        def wake() -> None:
            delivery.wake()
            for loop in woken:
                loop.wake()

        async with listening(house.database_url, wake):
            try:
                yield [*woken, *_unhurried(house, delivery, looker, templates)]
            finally:
                await delivery.close()
                await looker.close()
                await templates.close()


def _due(house: House, work: Callable[[Database, datetime], Awaitable[int]]) -> Step:
    async def step() -> int:
        return await work(house.database, house.clock())

    return step


def _unhurried(house: House, delivery: Delivery, looker: Looker, templates: TemplateSync) -> list[Loop]:
    """Loops that nothing wakes: they look now and then."""
    due = partial(_due, house)
    return [
        Loop("recover", delivery.recover, house.chance, idle_seconds=Patience(house.config.lease).look_seconds),
        Loop("reports", due(sweep_early_reports), house.chance, idle_seconds=SWEEP_SECONDS),
        Loop("pairs", due(forget_paid), house.chance, idle_seconds=SWEEP_SECONDS),
        Loop("tiers", due(forget_past), house.chance, idle_seconds=SWEEP_SECONDS),
        Loop("look", looker.step, house.chance, idle_seconds=SETTLE_SECONDS),
        Loop("settle", due(settle_by_rule), house.chance, idle_seconds=SETTLE_SECONDS),
        Loop("templates", templates.step, house.chance, idle_seconds=TEMPLATES_SECONDS),
        Loop("fall back", due(fall_back), house.chance, idle_seconds=FALL_BACK_SECONDS),
        Loop("expire", due(expire_messages), house.chance, idle_seconds=EXPIRE_SECONDS),
        Loop("places", due(give_back_places), house.chance, idle_seconds=SETTLE_SECONDS),
        Loop("books", due(keep_books), house.chance, idle_seconds=BOOKS_SECONDS),
        Loop("forget", due(forget), house.chance, idle_seconds=FORGET_SECONDS),
    ]
