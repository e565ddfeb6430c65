"""What newcomers meet first: lists that are empty, names that are mistyped, counts, headings."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cyclopts import ValidationError

from parley.cli.main import app
from parley.cli.options import MisusedError, zoned
from parley.cli.policy import story
from parley.domain.errors import InvalidInputError
from parley.services.try_policy import Estimate, Example, Reason, Tried
from tests.frame.conftest import TOKEN, Running
from tests.frame.processes import environment, parley
from tests.frame.test_command_line import add_jana


async def test_a_mistyped_template_is_told_at_once_with_the_nearest(
    data_dir: Path, token: str, definitions: Path
) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    told = await parley("policy", "try", "--template", "sprng_sale", *words)
    assert (told.code, told.out) == (1, "")
    assert "template: there is no template sprng_sale; did you mean spring_sale?" in told.err
    other = await parley("policy", "try", "--template", "spring_sale", "--language", "de", *words)
    assert "language: there is no template spring_sale in de; there is spring_sale in en." in other.err


async def test_what_is_tried_is_told_from_the_first_line(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    told = await parley("campaign", "estimate", "spring-sale", *words)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("looked at 0 customers; 0 messages to those in the audience\n")


async def test_the_list_of_templates_has_a_heading(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    assert (await parley("template", "list", *words)).out == "no template: parley apply FOLDER --project TOKEN\n"
    await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    heading, first, *_ = (await parley("template", "list", *words)).out.splitlines()
    assert heading.split() == ["status", "category", "quality", "version", "template"]
    assert heading.index("template") == first.index("back_in_stock.en")


async def test_no_callback_that_was_not_understood_is_told_so(data_dir: Path, token: str) -> None:
    told = await parley("callback", "problems", "--project", token, "--data-dir", str(data_dir))
    assert (told.code, told.out) == (0, "no callback has a problem\n"), told.err


async def test_a_customer_without_messages_is_told_so(server: Running, keys: dict[str, Any]) -> None:
    await add_jana(server, keys)
    words = ("--project", str(keys["project_token"]), "--data-dir", str(server.data_dir))
    told = await parley("message", "list", "registered=jana", *words)
    assert (told.code, told.out.partition(":")[0]) == (0, "no message to this customer yet"), told.err
    narrowed = await parley("message", "list", "registered=jana", "--state", "refused", *words)
    assert narrowed.out.startswith("no such message to this customer")


async def test_an_id_of_any_letters_is_asked_for_and_does_not_steer_the_terminal(data_dir: Path, token: str) -> None:
    whose = ("registered=\u200f\u05d9\u05e2\u05dc\u202e", "--project", token, "--data-dir", str(data_dir))
    for command in (("message", "list"), ("consent", "show")):
        told = await parley(*command, *whose)
        assert told.code == 1
        assert "has no customer registered=\u200f\u05d9\u05e2\u05dc\\u202e. Track" in told.err


async def test_a_mistyped_project_is_told_with_those_there_are(data_dir: Path, token: str) -> None:
    told = await parley("campaign", "list", "--project", token[:-1], "--data-dir", str(data_dir))
    assert (told.code, told.out) == (1, "")
    assert f"There is no project with the token {token[:-1]}." in told.err
    assert f"  {token}  Shop\n" in told.err


async def test_a_mistyped_category_is_told_with_those_there_are(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    told = await parley("policy", "try", "--template", "spring_sale", "--category", "whatsap", *words)
    assert (told.code, told.out) == (1, "")
    assert "--category: there is no consent category whatsap; there is" in told.err
    assert "whatsapp" in told.err


async def test_what_steers_a_terminal_is_written_out_and_what_is_endless_is_cut(data_dir: Path, token: str) -> None:
    words = ("campaign", "launch", "--by", "jana", "--project", token, "--data-dir", str(data_dir))
    told = await parley(*words, f"\x1b[2K{'x' * 10_000}")
    assert (told.code, told.err.count("x")) == (1, told.err.count("\\x1b") + 36)
    assert "There is no campaign \\x1b[2Kxxx" in told.err


def test_what_turns_a_line_is_written_out_of_an_id_that_is_tried() -> None:
    one = Example(UUID(int=1), {"registered": "a\u202eb"}, "No.")
    reason = Reason("refused", "no_consent", 1, "Ask.", (one,))
    tried = Tried(1, 1, 1, 0, 1, 0, 0, (reason,), Estimate("USD", Decimal(0), 0, 0, 0, Decimal(0), ()))
    assert list(story(tried))[-1].endswith("(registered a\\u202eb): No.")


PRINT = "from parley.cli.visible_output import show_what_steers; show_what_steers(); print('a\\x1b[2K\\tb')"


async def test_on_a_terminal_and_only_there_texts_cannot_steer_it() -> None:
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PRINT, stdout=theirs, env=environment())
    assert await process.wait() == 0
    os.close(theirs)
    assert os.read(ours, 100) == b"a\\x1b[2K\tb\r\n"
    os.close(ours)
    piped = await asyncio.create_subprocess_exec(sys.executable, "-c", PRINT, stdout=PIPE, env=environment())
    out, _ = await piped.communicate()
    assert out == b"a\x1b[2K\tb\n"


CANNOT_BE = [
    ("cost report --since 2026-11-20 --until 2026-11-01", "until: 2026-11-01 lies before 2026-11-20"),
    ("message list jana", "customer: must be NAME=VALUE"),
    ("callback problems --before x", "before: must be the id that `next` named on the page before."),
    ("consent show jana", "customer: must be NAME=VALUE"),
    ("consent show registered=", "customer: must be NAME=VALUE"),
    ("consent show id=jana", "customer: must be NAME=VALUE"),
    ("policy try", "give --campaign or --template, one of them."),
    ("policy try --campaign a --template b", "give --campaign or --template, one of them."),
]
"""What is typed, and what is told of it."""


@pytest.mark.parametrize(("typed", "told"), CANNOT_BE)
def test_words_that_cannot_be_are_told_before_anything_is_looked_at(typed: str, told: str) -> None:
    with pytest.raises(MisusedError) as raised:
        asked(typed)
    assert told in str(raised.value)


LISTS = ("message list id=0199d1f0-7a5b-7c3e-8f4a-2b6c1d0e9f83", "callback problems", "suppression list")
CONSENT_LISTS = ("consent show +421901000001", "consent problems", "consent uploads")


@pytest.mark.parametrize("typed", [*LISTS, *CONSENT_LISTS])
@pytest.mark.parametrize("size", [-1, 0, 1_001])
def test_a_page_has_its_bounds(typed: str, size: int) -> None:
    with pytest.raises(ValidationError, match="for --size"):
        asked(f"{typed} --size {size}")


def asked(typed: str) -> None:
    app([*typed.split(), "--project", "none"], result_action="return_value", exit_on_error=False, print_error=False)


async def test_a_number_is_printed_as_the_next_command_takes_it(data_dir: Path, token: str) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    assert (await parley("suppression", "add", "+421 901 234 567", *words)).out == "+421901234567 is on the list\n"
    assert (await parley("suppression", "list", *words)).out.startswith("+421901234567 ")


def test_a_time_far_from_ours_is_told_in_a_sentence() -> None:
    with pytest.raises(InvalidInputError, match="use years from 1970 on"):
        zoned(datetime(1, 1, 1))  # noqa: DTZ001  as it is typed
