"""`parley message`: a customer's messages, and how an uncertain one is settled by hand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from parley.cli.moments import utc
from parley.cli.options import AsJson, Customer, DataDir, ProjectToken, Size, zoned
from parley.cli.running import project_of, run
from parley.domain.message import State
from parley.house import House
from parley.services.list_messages import MessageCost, MessageLine, MessagesAsked, MessagesListed, list_messages
from parley.services.settle_message import Order, give_up, send_again
from parley.store.messages import MessageRow

app = App(name="message", help="List a customer's messages, and settle uncertain ones.")
PAGE = 50
By = Annotated[str, Parameter(name="--by", help="Who decides this.")]
Why = Annotated[str, Parameter(name="--why", help="For what reason.")]


@app.command(name="list")
def list_all(
    customer: Customer,
    *,
    project: ProjectToken,
    state: Annotated[tuple[State, ...], Parameter(help="Only those that stand so; once for each.")] = (),
    since: Annotated[datetime | None, Parameter(help="Only those planned then or later.")] = None,
    size: Size = PAGE,
    before: Annotated[UUID | None, Parameter(help="The next page: the id that the page before named.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What a customer was sent, or was to be sent: where each stands and why, what it costs, its id. Newest first."""
    first = zoned(since)
    asked = MessagesAsked(customer, size, state, first, before)

    async def do(house: House) -> MessagesListed:
        return await list_messages(house.database, await project_of(house, project), asked, house.clock())

    listed = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(listed).decode())
        return
    print("\n".join(line for one in listed.messages for line in _story(one)) or _nothing(asked))
    if listed.next:
        print(f"more: --before {listed.next}")


def _nothing(asked: MessagesAsked) -> str:
    if asked.states or asked.since or asked.before:
        return "no such message to this customer: leave out --state, --since and --before to see all"
    return "no message to this customer yet: no scenario and no campaign has asked for one"


def _story(one: MessageLine) -> Iterator[str]:
    what = one.template or (f"“{one.text}”" if one.text else one.preset or "erased")
    yield f"{utc(one.planned_at)}  {one.state:9}  {one.kind} {what}{_cost(one.cost)}"
    if one.sentence:
        until = f" (until {utc(one.waits_until)})" if one.waits_until else ""
        yield f"          {': '.join(filter(None, (one.code, one.sentence)))}{until}"
    yield f"          {one.id}"


def _cost(cost: MessageCost | None) -> str:
    """What is known best: spent, else set aside, else expected. Nothing of what costs nothing at WhatsApp."""
    if cost is None:
        return ""
    if cost.spent is None or (cost.estimated is None and not cost.spent):
        return f"  {cost.currency}, not known how much"
    if cost.spent:
        return f"  {cost.currency} {cost.spent:f} spent"
    return f"  {cost.currency} {cost.reserved:f} set aside" if cost.reserved else f"  {cost.currency} 0 spent"


@app.command
def resend(message_id: str, *, by: By, why: Why, data_dir: DataDir = None) -> None:
    """Send an uncertain message again. If the provider had taken it after all, the customer gets it twice."""

    async def do(house: House) -> MessageRow:
        return await send_again(house.database, message_id, Order(by, why), house.clock())

    print(f"{run(data_dir, do).id} is queued again")


@app.command(name="give-up")
def abandon(message_id: str, *, by: By, why: Why, data_dir: DataDir = None) -> None:
    """Count an uncertain message as failed. A report that it was delivered still corrects that."""

    async def do(house: House) -> MessageRow:
        return await give_up(house.database, message_id, Order(by, why), house.clock())

    print(f"{run(data_dir, do).id} is given up")
