"""`parley scenario`: what a scenario would have cost lately."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from parley.cli.options import AsJson, DataDir, ProjectToken
from parley.cli.policy import try_and_print
from parley.services.try_policy import Wish

app = App(name="scenario", help="What a scenario would cost.")
Days = Annotated[int, Parameter(help="How far back its triggers are looked for.", validator=Number(gte=1, lte=366))]


@app.command
def estimate(
    name: str, *, project: ProjectToken, days: Days = 30, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """What the scenario would have cost in the last days, by market and category, and what would have been refused."""
    try_and_print(Wish(scenario=name, days=days), project, data_dir, as_json=as_json)
