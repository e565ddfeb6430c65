"""`parley message`: settle an uncertain message by hand."""

from typing import Annotated

from cyclopts import App, Parameter

from parley.cli.options import DataDir
from parley.cli.running import run
from parley.services.settle_message import Order, give_up, send_again
from parley.store.messages import MessageRow
from parley.wiring import House

app = App(name="message", help="Settle an uncertain message.")
By = Annotated[str, Parameter(name="--by", help="Who decides this.")]
Why = Annotated[str, Parameter(name="--why", help="For what reason.")]


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
