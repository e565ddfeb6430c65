"""The page on rehearsing: each of its commands is run, as it stands there, and leaves nothing behind."""

import re
import shlex
from pathlib import Path
from typing import Any

from tests.frame.conftest import TOKEN, Running
from tests.frame.processes import ROOT, Ended, parley
from tests.frame.test_command_line import add_jana

PAGE = (ROOT / "docs" / "how-to" / "rehearse.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
(JANA,) = set(re.findall(r'"registered": "(.*?)"', QUICKSTART))
"""Whoever comes from there has her."""
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
HEADS = {
    "preset preview": "POST https://",
    "scenario estimate": "looked at 1 customer; 0 messages",
    "campaign estimate": "looked at 1 customer; 0 messages",
    "policy try": "looked at 1 customer; ",
}
"""How each begins that is told of the customers."""


async def test_every_command_of_the_page_does_what_it_says(
    server: Running, keys: dict[str, Any], definitions: Path
) -> None:
    await add_jana(server, keys, JANA)
    applied = ("apply", str(definitions), "--project", keys["project_token"], "--data-dir", str(server.data_dir))
    assert (await parley(*applied, SHOP_TOKEN=TOKEN)).code == 0
    told = {command: await _run(command, server, keys, definitions) for command in COMMANDS}
    assert {command: ended.err for command, ended in told.items() if ended.code} == {}
    for command, ended in told.items():
        assert ended.out.startswith(HEADS.get(" ".join(shlex.split(command)[1:3]), "")), ended.out
    assert '"body_params":["Jana"]' in next(one.out for command, one in told.items() if "preview" in command)
    assert {" ".join(shlex.split(command)[1:3]) for command in told} > set(HEADS)
    listed = await parley("message", "list", f"registered={JANA}", *applied[2:])
    assert listed.out.startswith("no message to this customer yet")


async def _run(command: str, server: Running, keys: dict[str, Any], definitions: Path) -> Ended:
    named = {"TOKEN": keys["project_token"], "my-shop": str(definitions)}
    name, *words = (named.get(word, word) for word in shlex.split(command))
    assert name == "parley"
    at = () if words[0] == "lint" else ("--data-dir", str(server.data_dir))
    return await parley(*words, *at, SHOP_TOKEN=TOKEN)
