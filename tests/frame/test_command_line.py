"""The commands, as a user types them, while a server runs on the same data folder."""

import asyncio
import json
import signal
import sys
import tomllib
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from parley.store.embedded import embedded_server
from tests.frame.conftest import INTEGRATION, TOKEN, Running
from tests.frame.processes import ROOT, SECONDS, created, end, environment, parley, running

TRY = ("policy", "try", "--project", "x", "--campaign", "x", "--condition")
HELP = """
from parley.cli.main import app

def every(room, words=()):
    yield words
    for name in room:
        if not name.startswith("-") and name != "simulator":  # it reads its own command line
            yield from every(room[name], (*words, name))

for words in every(app):
    print("asked:", *words)
    app([*words, "--help"], result_action="return_value")
"""
"""Walks through all commands and asks each how it is used."""


SCRIPT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["parley"]
BY_SCRIPT = "from {} import {} as run; run()".format(*SCRIPT.split(":"))


@pytest.mark.parametrize("words", [("-m", "parley"), ("-c", BY_SCRIPT)])
async def test_ctrl_c_while_it_is_imported_ends_it_in_silence(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "cyclopts.py").write_text("import time; print('importing', flush=True); time.sleep(60)", "utf-8")
    path = f"{tmp_path}:{ROOT / 'src'}"
    async with running(*words, log=tmp_path / "log", PYTHONPATH=path) as (process, line):
        assert line == "importing"
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), SECONDS) == 130
    assert (tmp_path / "log").read_text(encoding="utf-8") == ""


async def test_a_new_project_tells_its_keys_once(data_dir: Path) -> None:
    made = created(await parley("project", "create", "Läden 🛍", "--json", "--data-dir", str(data_dir)))
    assert list(made) == ["project_token", "private_key", "public_key"]
    assert list(made["private_key"]) == ["key_id", "key_secret"]
    listed = await parley("project", "list", "--data-dir", str(data_dir))
    assert f"{made['project_token']}  Läden 🛍" in listed.out
    assert made["private_key"]["key_secret"] not in listed.out


async def test_applying_twice_comes_to_the_same(data_dir: Path, token: str, definitions: Path) -> None:
    words = ("apply", str(definitions), "--project", token, "--data-dir", str(data_dir))
    looked = await parley(*words, "--check", SHOP_TOKEN=TOKEN)
    first = await parley(*words, SHOP_TOKEN=TOKEN)
    again = await parley(*words, "--check", SHOP_TOKEN=TOKEN)
    assert (looked.code, first.code, again.code) == (1, 0, 0), first.err
    assert "created   integration shop-whatsapp" in looked.out
    assert not any(line.startswith(("+", "@@", "---")) for line in looked.out.splitlines())  # not whole files
    assert "created   integration shop-whatsapp" in first.out
    assert {line.split()[0] for line in again.out.splitlines() if not line.startswith(" ")} == {"unchanged"}
    assert TOKEN not in looked.out + first.out + again.out


async def test_a_change_is_shown_before_it_is_made(data_dir: Path, token: str, tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text(json.dumps(INTEGRATION), encoding="utf-8")
    words = ("apply", str(account), "--project", token, "--data-dir", str(data_dir))
    await parley(*words, SHOP_TOKEN=TOKEN)
    account.write_text(json.dumps({**INTEGRATION, "title": "Ours"}), encoding="utf-8")
    looked = await parley(*words, "--check", SHOP_TOKEN=TOKEN)
    done = await parley(*words, "--json", SHOP_TOKEN=TOKEN)
    assert looked.code == 1
    assert '+  "title": "Ours"' in looked.out
    assert [change["happening"] for change in json.loads(done.out)] == ["changed"]
    assert TOKEN not in looked.out + done.out


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
    assert missing.code == 1
    assert "SHOP_TOKEN" in missing.err


async def test_a_file_of_consents_is_told_line_by_line(server: Running, keys: dict[str, Any], tmp_path: Path) -> None:
    await add_jana(server, keys)
    file, report = tmp_path / "consents.csv", tmp_path / "refused.csv"
    rows = [
        "registered,category,action,valid_from",
        "jana,whatsapp,accept,1793000000",
        "=cmd\u202e,whatsapp,accept,1793000000",
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    at = ("--project", keys["project_token"], "--data-dir", str(server.data_dir))
    refused = await parley("consent", "import", str(file), *at, "--report", str(report))
    assert (refused.code, "nothing was written" in refused.out) == (1, True), refused.err
    assert "line 3, registered: The project has no customer registered==cmd\\u202e. " in refused.err
    assert refused.out.startswith("2 lines: 1 entry new, 0 known already, 1 line refused\n")
    assert report.read_text(encoding="utf-8").splitlines()[1].startswith("3,registered,'=cmd\u202e,")
    taken = await parley("consent", "import", str(file), *at, "--skip-refused", "--json")
    told = {"lines": 2, "refused": 1, "added": 1, "known": 0, "written": True, "asked": 0, "created": 0}
    assert json.loads(taken.out) == told
    shown = await parley("consent", "show", "registered=jana", *at)
    assert "          address: +421901234567\n" in shown.out


async def test_a_preview_shows_the_exact_request_and_hides_the_secret(server: Running, keys: dict[str, Any]) -> None:
    token, at = keys["project_token"], ("--project", keys["project_token"], "--data-dir", str(server.data_dir))
    await add_jana(server, keys)
    account = server.data_dir.with_name("account.json")
    account.write_text(json.dumps(INTEGRATION), encoding="utf-8")
    assert (await parley("apply", str(account), *at, SHOP_TOKEN=TOKEN)).code == 0, token
    preview = (
        "preset",
        "preview",
        "sinch-whatsapp-freetext",
        "--param",
        "text=Ahoj {{ customer.name }}{{ customer.x }}",
    )
    shown = await parley(*preview, "--customer", "registered=jana", *at)
    assert shown.out.splitlines() == [
        "POST https://eu1.whatsapp.api.sinch.com/whatsapp/v1/shop-bot/messages",
        "Content-Type: application/json",
        "Authorization: Bearer ****",
        "",
        r'{"to":["421901234567"],"message":{"type":"text","preview_url":true,"text":"Ahoj Ja\"na"}}',
        "warning: body: {{ customer.x }} is empty",
    ]
    by_hand = await parley(*preview, "--param", f"bearer_token={TOKEN}", "--customer", "registered=jana", "--json", *at)
    assert json.loads(by_hand.out)["headers"]["Authorization"] == f"Bearer ****{TOKEN[-4:]}"  # told apart, not told
    nobody = await parley(*preview, "--customer", "registered=nobody", *at)
    assert (nobody.code, nobody.out) == (1, "")
    assert "No customer" in nobody.err
    log = await asyncio.to_thread(server.log.read_text, encoding="utf-8")
    for secret in (TOKEN, keys["private_key"]["key_secret"]):
        assert secret not in shown.out + by_hand.out + nobody.err + log


async def add_jana(server: Running, keys: dict[str, Any], registered: str = "jana") -> None:
    url = f"{server.address}/track/v2/projects/{keys['project_token']}/customers"
    properties = {"name": 'Ja"na', "first_name": "Jana", "phone": "00421 901 234 567"}
    jana = {"customer_ids": {"registered": registered}, "properties": properties}
    key = keys["private_key"]
    answer = await asyncio.to_thread(
        requests.post, url, json=jana, auth=(key["key_id"], key["key_secret"]), timeout=SECONDS
    )
    assert answer.json()["success"]


async def test_the_presets_are_listed_with_what_they_ask(data_dir: Path, token: str) -> None:
    listed = await parley("preset", "list", "--project", token, "--data-dir", str(data_dir))
    assert "sinch-whatsapp-template: WhatsApp template message" in listed.out


async def test_a_key_is_made_listed_and_revoked(data_dir: Path, token: str) -> None:
    at = ("--project", token, "--data-dir", str(data_dir))
    made = created(await parley("key", "create", "viewer", "--json", *at))
    assert (await parley("key", "revoke", made["key_id"], *at)).out == "revoked\n"
    listed, again = await asyncio.gather(parley("key", "list", *at), parley("key", "revoke", made["key_id"], *at))
    (line,) = [line for line in listed.out.splitlines() if made["key_id"] in line]
    assert line.endswith("revoked")
    assert made["key_secret"] not in listed.out
    assert again.code == 1  # nobody may believe that a mistyped key is safe
    assert "parley key list" in again.err


async def test_a_stopped_account_is_released_by_its_name(data_dir: Path, token: str, tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text(json.dumps(INTEGRATION), encoding="utf-8")
    at = ("--project", token, "--data-dir", str(data_dir))
    await parley("apply", str(account), *at, SHOP_TOKEN=TOKEN)
    _stop_sender(data_dir, token)
    assert (await parley("sender", "release", "shop-whatsapp", *at)).out == "shop-whatsapp may send again\n"
    again, other = await asyncio.gather(
        parley("sender", "release", "shop-whatsapp", *at), parley("sender", "release", "shop-whatsap", *at)
    )
    assert again.out == "shop-whatsapp was not stopped\n"
    assert other.code == 1
    assert "it has shop-whatsapp" in other.err


def _stop_sender(data_dir: Path, token: str) -> None:
    """As a worker does after a 401."""
    with embedded_server(data_dir) as database, psycopg.connect(database.url) as connection:
        connection.execute(
            "INSERT INTO stops (project_id, sender, code, sentence, stopped_at)"
            " SELECT id, 'shop-whatsapp', 'unauthorized', 'Sinch does not accept this token.', now()"
            " FROM projects WHERE token = %s",
            (token,),
        )


async def test_the_simulator_tells_its_accounts_in_one_line() -> None:
    async with running("-m", "parley", "simulator", "--port", "0", "--json") as (simulator, line):
        told = json.loads(line)
        assert list(told) == ["base_url", "legacy", "conversation"]
        assert list(told["legacy"]) == ["bot_id", "bearer_token"]
        assert list(told["conversation"]) == ["project_id", "app_id", "key_id", "key_secret", "webhook_secret"]
        journal = await asyncio.to_thread(requests.get, f"{told['base_url']}/_sim/journal", timeout=SECONDS)
        assert journal.status_code == 200
        assert await end(simulator) == 0


async def test_every_command_says_how_it_is_used() -> None:
    """One process for all: a start costs more than the help."""
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HELP, stdout=PIPE, stderr=PIPE, env=environment(COLUMNS="200")
    )
    out, err = await asyncio.wait_for(asked.communicate(), SECONDS)
    assert (asked.returncode, err) == (0, b"")
    told = dict(one.split("\n", 1) for one in out.decode().split("asked:")[1:])
    assert {"", " serve", " project create", " template release"} <= told.keys()
    for command, usage in told.items():
        assert f"Usage: parley{command}" in usage
    simulator = await parley("simulator", "--help")
    assert (simulator.code, simulator.err) == (0, "")
    assert "--port" in simulator.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("why", "no-such-message"), 1, "parley message list"),
        (("why", "no-such-message", "--project", "no-such-project"), 1, "parley project list"),
        (("message", "resend", "no-such-message", "--by", "Olga", "--why", "lost"), 1, "parley message list"),
        (("message", "give-up", "no-such-message", "--by", "Olga", "--why", ""), 1, "why"),
        (("apply", "/nowhere", "--project", "x"), 1, "There is no folder"),
        (("preset", "list", "--project", "no-such-project"), 1, "parley project list"),
        (("sender", "release"), 2, "NAME is missing"),
        (("apply", "/nowhere"), 2, "--project is missing.\n"),
        (("campaign", "list", "--projct", "x"), 2, "--project is missing. --projct is no option of this command."),
        (
            ("campaign", "show", "ca\udcff", "--project", "x"),
            2,
            r"The word ca\xff (number 3 after parley) is not UTF-8",
        ),
        (("apply", str(ROOT / "README.md"), "--project", "x"), 1, "is no .json file: name one, or a folder"),
        (("project", "create", "Sh\x1b[31mop"), 2, "name: holds the control character U+001B at place 3"),
        (("apply", "/nowhere", "--project"), 2, "--project needs a value"),
        (("project", "create", " "), 2, "1 to 200 characters"),
        (("project", "list", "[bold]more[/]"), 2, "[bold]more[/]: not expected here"),
        (("key", "create", "king", "--project", "x"), 2, "viewer"),
        (("serve", "--port", "65536"), 2, "--port must be at most 65535; it is 65536."),
        (
            ("message", "list", "registered=x", "--project", "x", "--state", "lost"),
            2,
            "--state must be one of planned, queued, sending, uncertain, accepted, sent, delivered, read, refused,",
        ),
        ((*TRY, "@/nowhere"), 1, "/nowhere: No such file or directory."),
        ((*TRY, "{,"), 2, "condition: is no JSON: "),
        ((*TRY, '{"attribut": "country"}'), 2, "attribute, event, consent; attribut is none of them."),
        ((*TRY[:-1], "--parameter", "{{ a.b"), 2, "--parameter: "),
        ((*TRY, "[" * 5_000), 2, "condition: is nested too deeply: 64 levels are the limit."),
        (("cost", "correct", "x", "much", "--project", "x", "--why", "y"), 2, "AMOUNT: must be 0 or more"),
        (("preset", "preview", "x", "--project", "x", "--customer", "jana"), 2, "--customer: write NAME=VALUE; it is"),
        (("serve", "--prot", "1"), 2, "Did you mean --port?"),
        (("serve", "--workers", "-1"), 2, "--workers must be at least 0; it is -1."),
        (("serve", "--workers", "9999999999999"), 2, "--workers must be at most 64; it is 9999999999999."),
        (("serve", "--host", "nowhere.invalid"), 1, "--host"),
        (("surprise",), 2, "surprise"),
        (
            ("cost", "report", "--project", "x", "--since", "2026-13-01"),
            2,
            "--since must be a day of the calendar, such as",
        ),
        (
            ("message", "list", "+421901000001", "--project", "x", "--since", "soon"),
            2,
            "--since must be a day or a moment",
        ),
        (("message", "list", "+421901000001", "--project", "x", "--before", "1"), 2, "--before must be an id"),
    ],
)
async def test_a_mistake_is_told_in_a_sentence(data_dir: Path, words: tuple[str, ...], code: int, said: str) -> None:
    ended = await parley(*words, *(() if words == ("surprise",) else ("--data-dir", str(data_dir))))
    assert ended.code == code
    assert said in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PARLEY_DATABASE_URL", "mysql://localhost/x", "postgresql://"),
        ("PARLEY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x", "PARLEY_DATABASE_URL"),
        ("PARLEY_DATABASE_URL", "postgresql://nobody:hunter2@[::1/x", "cannot be read"),
        ("PARLEY_DATABASE_URL", "postgresql://nobody:hunter2@127.0.0.1:1/x?surprise=1", "cannot be read"),
        ("PARLEY_SECRET_KEY", "short", "Fernet.generate_key"),
        ("PARLEY_LEASE_SECONDS", "5", "from 6 to 3600"),
        ("PARLEY_LEASE_SECONDS", "two minutes", "from 6 to 3600"),
    ],
)
async def test_a_wrong_configuration_says_what_to_set(tmp_path: Path, variable: str, value: str, said: str) -> None:
    ended = await parley("project", "list", "--data-dir", str(tmp_path), **{variable: value})
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert "hunter2" not in ended.err


async def test_a_damaged_key_file_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("rubbish", encoding="utf-8")
    ended = await parley("project", "create", "Shop", "--data-dir", str(tmp_path))
    assert ended.code == 1
    assert "secret.key is damaged" in ended.err
    assert (tmp_path / "secret.key").read_text(encoding="utf-8") == "rubbish"


async def test_a_file_that_cannot_be_read_is_named(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    ended = await parley("apply", str(tmp_path), "--project", "x", "--data-dir", str(data_dir))
    assert ended.code == 1
    assert "folder.json cannot be read" in ended.err


async def test_migrate_may_run_at_any_time(data_dir: Path) -> None:
    assert (await parley("migrate", "--data-dir", str(data_dir))).out.strip() == "the schema is up to date"


async def test_the_doctor_finds_nothing_in_a_new_project(data_dir: Path, token: str) -> None:
    words = ("doctor", "--project", token, "--data-dir", str(data_dir))
    told = await parley(*words)
    assert (told.code, told.out) == (0, "Nothing waits.\n"), told.err
    assert (await parley(*words, "--json")).out == "[]\n"


async def test_the_doctor_calls_the_operator_by_its_exit_code(tmp_path: Path) -> None:
    folder = ("--data-dir", str(tmp_path))
    made = created(await parley("project", "create", "Shop", "--json", *folder))
    stop = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from parley.config import read_config
from parley.store.stops import Stop, put_stop
from parley.store.projects import project_by_token
from parley.house import open_house

async def main():
    async with open_house(read_config(Path(sys.argv[1]))) as house, house.database.transaction() as connection:
        project = await project_by_token(connection, sys.argv[2])
        now = datetime(2026, 11, 23, tzinfo=UTC)
        await put_stop(connection, project.id, Stop("shop", "unauthorized", "The token was refused."), now, now)
    print("stopped", flush=True)

asyncio.run(main())
"""
    async with running("-c", stop, str(tmp_path), str(made["project_token"])) as (process, said):
        assert said == "stopped"
        await process.wait()
    told = await parley("doctor", *folder)
    assert told.code == 1
    assert "operator  0 messages held (shop)" in told.out
    assert f", project {made['project_token']} (Shop)\n" in told.out
    assert "unauthorized: The token was refused." in told.out
    assert json.loads((await parley("doctor", "--json", *folder)).out)[0]["waits_for"] == "operator"
