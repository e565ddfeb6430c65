"""The command line: `python -m chaos --messages 2000 --kills 20 --seed 7`."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.account import Account
from chaos.crew import SilentError
from chaos.run import Wanted, run
from parley.config import LONGEST_LEASE, SHORTEST_LEASE
from parley.domain.settings import Then

BROKEN_OFF = 130
"""The exit code of a program that Ctrl-C has ended."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
APIS = ("sinch_conversation", "sinch_legacy")
RULES = (Then.GIVE_UP.value, Then.RESEND.value)


def main(words: Sequence[str] | None = None) -> int:
    """0 only if the account agrees; 130 when it was broken off."""
    parser = argparse.ArgumentParser(prog="chaos", description="A campaign while everything breaks.")
    parser.add_argument("--api", choices=APIS, default=APIS[0])
    parser.add_argument("--messages", type=_whole(1), default=100_000)
    parser.add_argument("--kills", type=_whole(0), default=200)
    parser.add_argument("--by", choices=("campaign", "events"), default="campaign", help="what plans the messages")
    parser.add_argument("--rule", choices=RULES, default=RULES[0], help="what the project does with uncertain messages")
    parser.add_argument("--seed", type=int, default=int(time.monotonic() * 1000) % 100_000, help="repeats the schedule")
    parser.add_argument("--deadline", type=float, default=7200.0, metavar="SECONDS", help="for everything")
    parser.add_argument(
        "--lease", type=_whole(SHORTEST_LEASE, LONGEST_LEASE), default=120, metavar="SECONDS", help="of the processes"
    )
    parser.add_argument(
        "--spool", type=_whole(1), metavar="BYTES", help="the most callbacks kept on disk; so few that they fill it"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep data and logs there; must not exist")
    asked = parser.parse_args(words)
    wanted = Wanted(
        asked.api, asked.messages, asked.kills, asked.seed, by=asked.by, rule=Then(asked.rule),
        deadline=asked.deadline, lease=asked.lease, spool=asked.spool,
    )  # fmt: skip
    if asked.keep is not None:
        try:
            asked.keep.mkdir(parents=True)
        except OSError as error:
            parser.error(f"argument --keep: the folder must not exist, and there must be a place for it ({error})")
    print(f"seed {wanted.seed}: {wanted.messages} messages by {wanted.api}, {wanted.kills} kills", flush=True)
    if asked.keep is not None:
        return _played(wanted, asked.keep)
    with tempfile.TemporaryDirectory(prefix="parley-chaos-", ignore_cleanup_errors=True) as folder:
        return _played(wanted, Path(folder))


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    bounds = f"at least {least}" if most is None else f"{least} to {most}"

    def read(word: str) -> int:
        if not word.isdecimal() or int(word) < least or (most is not None and int(word) > most):
            raise argparse.ArgumentTypeError(f"must be a whole number, {bounds}; it is {word}")
        return int(word)

    return read


def _played(wanted: Wanted, folder: Path) -> int:
    said = ["nothing yet"]

    def tell(sentence: str) -> None:
        said.append(sentence)
        print(sentence, flush=True)

    try:
        account = asyncio.run(_until_told(wanted, folder, tell))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print(f"Broken off; all that was started has ended. Last: {said[-1].strip()}. {_again(wanted)}", flush=True)
        return BROKEN_OFF
    except TimeoutError:
        print(f"The deadline is over. Last: {said[-1].strip()}. {_again(wanted)}", flush=True)
        return 1
    except SilentError as error:
        print(error, flush=True)
        return 1
    print("\n".join(account.lines))
    for problem in account.problems:
        print(f"DISAGREES       {problem}")
    print("The books agree." if not account.problems else f"{len(account.problems)} disagreements.", flush=True)
    return 1 if account.problems else 0


async def _until_told(wanted: Wanted, folder: Path, tell: Callable[[str], None]) -> Account:
    """Ctrl-C and SIGTERM end everything that was started, too; said again they do not hurry that."""
    loop = asyncio.get_running_loop()
    running = asyncio.ensure_future(run(wanted, folder, tell))

    def break_off() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, lambda: None)
        running.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, break_off)
    return await running


def _again(wanted: Wanted) -> str:
    """A run cannot go on in the middle, but the same schedule can be played again."""
    return (
        f"The same from the beginning: .venv/bin/python -m chaos --api {wanted.api} --messages {wanted.messages} "
        f"--kills {wanted.kills} --by {wanted.by} --rule {wanted.rule} --seed {wanted.seed} --lease {wanted.lease} "
        f"--deadline {wanted.deadline:.0f}{'' if wanted.spool is None else f' --spool {wanted.spool}'}"
    )


if __name__ == "__main__":
    sys.exit(main())
