"""The short form of `make chaos`: few messages, many kills, real processes, both of Sinch's APIs.

It does not wait until leases are over: what was lost in flight is recovered with a clock that is ahead.
"""

from pathlib import Path
from typing import Literal

import pytest

from chaos.run import Wanted, run

MESSAGES, KILLS, SEED = 300, 12, 20_261_125
DEADLINE_SECONDS = 900.0
"""A machine with a load of ten needs four minutes."""


@pytest.mark.parametrize(("api", "by"), [("sinch_conversation", "campaign"), ("sinch_legacy", "events")])
async def test_the_books_agree_after_everything_was_killed(
    api: str, by: Literal["campaign", "events"], tmp_path: Path
) -> None:
    told: list[str] = []
    wanted = Wanted(api, MESSAGES, KILLS, SEED, by=by, deadline=DEADLINE_SECONDS, hurry=True)
    account = await run(wanted, tmp_path / "run", told.append)
    assert account.problems == (), "\n".join((*told, *account.lines))
