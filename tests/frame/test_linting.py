"""`parley lint` and `parley classify`, as a CI job runs them: no server, no database."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.templates.lint.rules.promotional import OWN_BUSINESS
from tests.frame.processes import ROOT, parley

EXAMPLES = sorted(str(path) for path in (ROOT / "examples").glob("*.template.json"))
SALE = "spring-sale"
"""The example of a campaign: marketing, which has no place among the ten categories."""


@pytest.fixture
def template(tmp_path: Path) -> dict[str, Any]:
    """One with nothing wrong in the current rule set."""
    text = "Dear {{1}}, your order is on its way and arrives soon."
    return {
        "kind": "template",
        "name": "order_shipped",
        "language": "en",
        "category": "UTILITY",
        "body": {"text": text, "samples": ["Jana"]},
    }


def written(folder: Path, name: str, template: dict[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps(template), encoding="utf-8")
    return str(path)


async def test_the_examples_are_clean_by_the_rule_set_that_they_are_written_for() -> None:
    notices = [path for path in EXAMPLES if SALE not in path]
    ended = await parley("lint", *notices)
    assert (ended.code, ended.out, ended.err) == (0, f"{len(notices)} templates, nothing found.\n", "")
    (sale,) = set(EXAMPLES) - set(notices)
    assert (await parley("lint", sale, "--rules", "current")).code == 0
    overruled = await parley("lint", sale)
    assert overruled.code == 0
    assert f"{sale}: overruled: body.text: It says “sale”" in overruled.out
    assert f"{sale}: override: An offer, approved as MARKETING" in overruled.out
    assert ": error:" not in overruled.out
    assert OWN_BUSINESS not in overruled.out  # nothing is left to do


async def test_a_warning_lets_ci_pass_and_an_error_does_not(tmp_path: Path, template: dict[str, Any]) -> None:
    template["body"]["text"] = "Dear {{1}}, your order is on its way. Get 20 % off the next one."
    path = written(tmp_path, "t.json", template)
    warned = await parley("lint", path, "--rules", "current")
    refused = await parley("lint", path)
    assert warned.code == 0
    assert f"{path}: warn: body.text: It says “20 % off”" in warned.out
    assert "would file it as another category: a message costs 0." in warned.out
    assert refused.code == 1
    assert "another category" not in refused.out
    assert f"{path}: error: category: UTILITY is none of the ten." in refused.out
    assert f"{path}: error: body.text: It says “20 % off”" in refused.out


async def test_a_file_that_is_no_template_does_not_hide_the_others(tmp_path: Path, template: dict[str, Any]) -> None:
    broken, missing = written(tmp_path, "broken.json", {"kind": "template"}), str(tmp_path / "missing.json")
    sound = written(tmp_path, "sound.json", {**template, "language": "xx"})
    ended = await parley("lint", broken, missing, sound, "--rules", "current", "--json")
    told = {Path(one["file"]).name: one for one in json.loads(ended.out)}
    assert ended.code == 2
    assert "name: is missing" in told["broken.json"]["unreadable"]
    assert told["missing.json"]["unreadable"] == ["No such file or directory"]
    (finding,) = told["sound.json"]["findings"]
    assert (finding["rule"], finding["severity"], finding["field"]) == ("language_known", "error", "language")


@pytest.mark.parametrize("levels", [600, 5_000])
async def test_a_file_that_is_nested_too_deeply_is_told(tmp_path: Path, levels: int) -> None:
    path = tmp_path / "deep.json"
    path.write_text(f'{{"kind": "template", "body": {"[" * levels}{"]" * levels}}}', encoding="utf-8")
    ended = await parley("lint", str(path))
    told = f"{path}: unreadable: template: is nested too deeply: 64 levels are the limit.\n"
    assert (ended.code, ended.out, ended.err) == (2, told, "")


async def test_two_files_that_say_the_same_are_named(tmp_path: Path, template: dict[str, Any]) -> None:
    first = written(tmp_path, "first.json", template)
    second = written(tmp_path, "second.json", template | {"name": "order_sent"})
    other = written(tmp_path, "other.json", template | {"name": "other", "footer": {"text": "Your shop"}})
    ended = await parley("lint", first, second, other, "--rules", "current", "--json")
    told = {Path(one["file"]).name: [it["sentence"] for it in one["findings"]] for one in json.loads(ended.out)}
    assert ended.code == 0
    assert told["first.json"] == [
        "order_sent (en) has the same body and footer, so WhatsApp rejects the later of them."
    ]
    assert told["second.json"][0].startswith("order_shipped (en) has the same body and footer")
    assert told["other.json"] == []


async def test_an_override_lifts_nothing_that_whatsapp_would_refuse(tmp_path: Path, template: dict[str, Any]) -> None:
    path = written(tmp_path, "t.json", {**template, "language": "xx", "override": "The boss wants it."})
    ended = await parley("lint", path)
    assert ended.code == 1
    assert f"{path}: overruled: category: UTILITY is none of the ten." in ended.out
    assert f"{path}: error: language:" in ended.out


async def test_a_byte_order_mark_is_nothing_and_a_key_that_stands_twice_is_told(
    tmp_path: Path, template: dict[str, Any]
) -> None:
    path = written(tmp_path, "t.json", template | {"category": "SHIPPING_UPDATE"})
    written_anew(path, b"{", b"\xef\xbb\xbf{")
    written_anew(written(tmp_path, "sale.json", {"kind": "campaign", "name": "sale"}), b"{", b"\xef\xbb\xbf{")
    assert (await parley("lint", str(tmp_path))).out == "1 template, nothing found.\n"
    written_anew(path, b'"text":', b'"text": "Hello", "text":')
    ended = await parley("lint", path)
    assert ended.code == 2
    assert f"{path}: unreadable: body.text: stands twice in the same object" in ended.out


def written_anew(path: str, before: bytes, after: bytes) -> None:
    """The first `before` of the file becomes `after`."""
    Path(path).write_bytes(Path(path).read_bytes().replace(before, after, 1))


async def test_of_a_folder_the_templates_are_looked_at(tmp_path: Path, template: dict[str, Any]) -> None:
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", "order.json", {**template, "category": "SHIPPING_UPDATE"})
    campaign = written(tmp_path, "sale.json", {"kind": "campaign", "name": "sale"})
    assert (await parley("lint", str(tmp_path))).out == "1 template, nothing found.\n"
    named = await parley("lint", campaign)
    assert (named.code, named.out) == (2, f"{campaign}: unreadable: kind: this is a campaign, not a template\n")
    (tmp_path / "deep" / "broken.json").write_text("{", encoding="utf-8")
    assert (await parley("lint", str(tmp_path))).code == 2


async def test_no_file_is_no_success(tmp_path: Path) -> None:
    assert (await parley("lint")).code == 2
    assert (await parley("lint", str(tmp_path))).code == 2


async def test_each_line_has_its_answer_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    lines = [
        {"text": "Your basket is waiting. Reply CART.", "language": "en"},
        {"text": "{{1}} je váš overovací kód.", "language": "sk_SK", "label": "more is no fault"},
        {"text": "Sleva 20 % na vše"},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    then = await parley("classify", "--rules", "transactional", "--json", str(path))
    now = await parley("classify", "--rules", "current", "--json", str(path))
    told = [[json.loads(line) for line in ended.out.splitlines()] for ended in (then, now)]
    assert [one["label"] for one in told[0]] == ["utility", "authentication", "promotional"]
    assert [one["label"] for one in told[1]] == ["promotional", "authentication", "promotional"]
    assert [one["category"] for one in told[0]] == ["ALERT_UPDATE", None, None]
    assert set(told[0][0]) == {"label", "category", "why"}


async def test_a_line_that_is_no_text_is_named_and_nothing_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b'{"text": "Hello"}\n{"language": "en"}\nno json\n{"text": "\xff"}\n')
    ended = await parley("classify", "--json", str(path))
    assert (ended.code, ended.out) == (1, "")
    assert [f"{path}:{number}: is not" in ended.err for number in (1, 2, 3, 4)] == [False, True, True, True]
    missing = await parley("classify", "--json", str(tmp_path / "missing.jsonl"))
    assert (missing.code, "No such file" in missing.err) == (1, True)
