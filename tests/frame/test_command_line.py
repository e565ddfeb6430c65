"""The commands, as a user types them, while a server runs on the same data folder."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.frame.processes import ROOT, created, parley, serving

TOKEN = "a-very-secret-bearer-token"
INTEGRATION = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_legacy",
    "account": {"account": "shop-bot", "bearer_token": {"$env": "SHOP_TOKEN"}},
}


@pytest.fixture(scope="module")
async def data_dir(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    folder = tmp_path_factory.mktemp("commands")
    async with serving(folder, "--workers", "0"):
        yield folder


@pytest.fixture
async def token(data_dir: Path) -> str:
    made = created(await parley("project", "create", "Shop", "--json", "--data-dir", str(data_dir)))
    return str(made["project_token"])


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    for path in (ROOT / "examples").glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "account.json").write_text(json.dumps(INTEGRATION), encoding="utf-8")
    return tmp_path


async def test_a_new_project_tells_its_keys_once(data_dir: Path) -> None:
    made = created(await parley("project", "create", "Läden 🛍", "--json", "--data-dir", str(data_dir)))
    assert list(made) == ["project_token", "private_key", "public_key"]
    assert list(made["private_key"]) == ["key_id", "key_secret"]  # type: ignore[call-overload]
    listed = await parley("project", "list", "--data-dir", str(data_dir))
    assert f"{made['project_token']}  Läden 🛍" in listed.out


async def test_applying_twice_comes_to_the_same(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("apply", str(definitions), "--project", token, "--data-dir", str(data_dir))
    first = await parley(*words, SHOP_TOKEN=TOKEN)
    assert first.code == 0, first.err
    assert "created   integration shop-whatsapp" in first.out
    again = await parley(*words, "--check", SHOP_TOKEN=TOKEN)
    assert again.code == 0
    assert "created" not in again.out + first.out.replace("created  ", "")
    (definitions / "account.json").write_text(json.dumps({**INTEGRATION, "title": "Ours"}), encoding="utf-8")
    changed = await parley(*words, "--check", SHOP_TOKEN=TOKEN)
    assert changed.code == 1
    assert '+  "title": "Ours"' in changed.out
    assert TOKEN not in first.out + again.out + changed.out + first.err


async def test_a_broken_file_names_itself_and_nothing_is_applied(data_dir: Path, token: str, definitions: Path) -> None:
    (definitions / "broken.json").write_text('{"kind": "scenario", "name": "x", "nodes": [{}]}', encoding="utf-8")
    words = ("--project", token, "--data-dir", str(data_dir))
    broken = await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    assert broken.code == 1
    assert "broken.json: nodes[0]" in broken.err
    (definitions / "broken.json").unlink()
    clean = await parley("apply", str(definitions), *words, "--check", SHOP_TOKEN=TOKEN)
    assert "unchanged" not in clean.out
    missing = await parley("apply", str(definitions), *words)
    assert "SHOP_TOKEN" in missing.err


async def test_a_preview_shows_the_request_and_hides_the_secret(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("--project", token, "--data-dir", str(data_dir))
    await parley("apply", str(definitions), *words, SHOP_TOKEN=TOKEN)
    stranger = await parley("preset", "preview", "sinch-whatsapp-freetext", "--customer", "registered=nobody", *words)
    assert (stranger.code, "customer" in stranger.err) == (1, True)
    listed = await parley("preset", "list", *words)
    assert "sinch-whatsapp-template: WhatsApp template message" in listed.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("why", "no-such-message"), "campaign event"),
        (("apply", "/nowhere", "--project", "x"), "no .json file"),
        (("preset", "list", "--project", "no-such-project"), "parley project list"),
        (("sender", "release"), "requires an argument"),
        (("surprise",), "surprise"),
    ],
)
async def test_a_mistake_is_told_in_a_sentence(data_dir: Path, words: tuple[str, ...], said: str) -> None:
    ended = await parley(*words, *(() if words == ("surprise",) else ("--data-dir", str(data_dir))))
    assert ended.code != 0
    assert said in ended.err + ended.out
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PARLEY_DATABASE_URL", "mysql://localhost/x", "postgresql://"),
        ("PARLEY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x", "PARLEY_DATABASE_URL"),
        ("PARLEY_SECRET_KEY", "short", "Fernet.generate_key"),
    ],
)
async def test_a_wrong_configuration_says_what_to_set(tmp_path: Path, variable: str, value: str, said: str) -> None:
    ended = await parley("project", "list", "--data-dir", str(tmp_path), **{variable: value})
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err


async def test_migrate_may_run_at_any_time(data_dir: Path) -> None:
    assert (await parley("migrate", "--data-dir", str(data_dir))).out.strip() == "the schema is up to date"
