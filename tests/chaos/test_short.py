"""The short form of `make chaos`: few messages, many kills, real processes, both of Sinch's APIs.

Leases are short, so that one is sat out, and a worker wakes after its own was over.
"""

import re
from pathlib import Path
from typing import Literal

import pytest

from chaos.account import Account
from chaos.run import Wanted, run
from parley.domain.settings import Then

MESSAGES, KILLS, SEED = 300, 12, 1
LEASE_SECONDS = 12
"""By this seed a worker hangs for nineteen, and PostgreSQL for fourteen."""
FEW_BYTES = 4_000
"""A handful of callbacks: with them the spool is full, and the account demands that it was."""
DEADLINE_SECONDS = 900.0
"""A machine with a load of ten needs four minutes."""
MOST = MESSAGES // 2
"""Must be accepted. The account bears what so many kills could lose at worst: five times as many calls as there are
messages here. Runs by four seeds, on a machine with a load of seven, lost 22 messages at most, and once 74.
"""


@pytest.mark.parametrize(
    ("api", "by", "rule"),
    [
        ("sinch_conversation", "campaign", Then.GIVE_UP),
        ("sinch_legacy", "events", Then.GIVE_UP),
        ("sinch_legacy", "campaign", Then.RESEND),
    ],
)
async def test_the_books_agree_after_everything_was_killed(
    api: str, by: Literal["campaign", "events"], rule: Then, tmp_path: Path
) -> None:
    told: list[str] = []
    spool = FEW_BYTES if rule is Then.RESEND else None
    wanted = Wanted(
        api, MESSAGES, KILLS, SEED, by=by, rule=rule, deadline=DEADLINE_SECONDS, lease=LEASE_SECONDS, spool=spool
    )
    account = await run(wanted, tmp_path / "run", told.append)
    everything = "\n".join((*told, *account.lines))
    assert account.problems == (), everything
    assert _accepted(account) >= MOST, everything
    assert any(line.startswith(f"killed with -9  {KILLS}: ") and "; hung 2: " in line for line in account.lines), (
        everything
    )
    assert any(line.startswith("  sent again ") for line in account.lines) == (rule is Then.RESEND), everything


def _accepted(account: Account) -> int:
    (found,) = filter(None, (re.match(r"accepted +once (\d+), twice (\d+),", line) for line in account.lines))
    return sum(map(int, found.groups()))
