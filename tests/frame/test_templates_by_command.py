"""`parley template`: what a person types, and reads."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.frame.processes import Ended, parley

FILE: dict[str, Any] = {
    "kind": "template",
    "name": "order_shipped",
    "language": "en",
    "category": "SHIPPING_UPDATE",
    "body": {"text": "Your order {{1}} is on its way and arrives soon.", "samples": ["100245"]},
}
OFFER: dict[str, Any] = {**FILE, "name": "offer", "body": {"text": "Get 20 % off everything, today only!"}}


@pytest.fixture
async def at(tmp_path: Path) -> list[str]:
    """A project on a data folder of the test's own, with one template."""
    folder = ["--data-dir", str(tmp_path / "data")]
    made = await parley("project", "create", "Shop", "--json", *folder)
    at = ["--project", json.loads(made.out)["project_token"], *folder]
    (tmp_path / "shipped.json").write_text(json.dumps(FILE), encoding="utf-8")
    assert (await parley("apply", str(tmp_path / "shipped.json"), *at)).code == 0
    return at


async def template(at: list[str], *words: str) -> Ended:
    return await parley("template", *words, *at)


async def test_a_template_is_approved_by_hand_overruled_and_shown(at: list[str], tmp_path: Path) -> None:
    said = await template(at, "status", "order_shipped", "en", "approved", "--reason", "Our CSM wrote.", "--by", "jana")
    assert said.out == "order_shipped.en is approved\n"
    assert (await template(at, "override", "order_shipped.en", "--reason", "It is right.")).code == 0
    shown = (await template(at, "show", "order_shipped", "en")).out
    assert "order_shipped.en  version 1, SHIPPING_UPDATE: approved" in shown
    assert "Our CSM wrote." in shown
    assert "override by command line: It is right." in shown
    history = (await template(at, "history", "order_shipped", "en")).out.splitlines()
    assert [line.split()[4] for line in history] == ["override", "status", "applied"]
    assert history[1].endswith("linted -> approved  (person jana): Our CSM wrote.")

    (tmp_path / "offer.json").write_text(json.dumps(OFFER), encoding="utf-8")
    refused = await parley("apply", str(tmp_path / "offer.json"), *at)
    assert (refused.code, "20 % off" in refused.err) == (1, True)
    (line,) = json.loads((await template(at, "list", "--json")).out)
    assert (line["name"], line["status"], line["override"]) == ("order_shipped.en", "approved", "It is right.")


async def test_what_cannot_be_says_why(at: list[str]) -> None:
    cases = {
        ("show", "other", "en"): "The project has no template other.en.",
        ("override", "order_shipped", "en"): "reason: must be a sentence",
        ("submit", "order_shipped", "en"): "Customer Success Manager",
    }
    ended = await asyncio.gather(*(template(at, *words) for words in cases))
    for one, said in zip(ended, cases.values(), strict=True):
        assert (one.code, said in one.err) == (1, True), one.err


async def test_a_status_that_only_a_file_can_give_is_no_choice(at: list[str]) -> None:
    told = await template(at, "status", "order_shipped", "en", "linted", "--reason", "x")
    assert told.code == 2
    assert "must be one of submitted, approved, rejected, paused, disabled" in told.err
