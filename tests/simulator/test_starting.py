"""Starting, telling, ending."""

import json
import signal
import subprocess
import sys

import pytest
import requests

from parley_simulator.main import Options, parse
from tests.simulator.desk import DEADLINE, SOURCE, cart, open_desk
from tests.simulator.shop import open_shop

COMMAND = [sys.executable, "-W", "error", "-m", "parley_simulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(number: signal.Signals) -> None:
    with subprocess.Popen(  # noqa: S603 - our own words
        [*COMMAND, "--json"], cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert requests.get(f"{told['base_url']}/_sim/state", timeout=5).ok
        process.send_signal(number)
        _, complaints = process.communicate(timeout=DEADLINE)
        assert (process.returncode, complaints) == (0, "")


def test_it_tells_people_in_words() -> None:
    with subprocess.Popen(COMMAND, cwd=SOURCE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout is not None
        assert process.stdout.readline().startswith("A Sinch on your desk: http://127.0.0.1:")
        process.terminate()


def test_it_tells_the_agreed_line() -> None:
    with open_shop() as shop, open_desk("--chaos", "off", "--delays", "0.01", "--webhook", shop.url) as desk:
        assert set(desk.told) == {"base_url", "legacy", "conversation"}
        assert set(desk.legacy) == {"bot_id", "bearer_token"}
        assert set(desk.app) == {"project_id", "app_id", "key_id", "key_secret", "webhook_secret"}
        desk.send(cart())
        assert shop.next().report()["status"] == "FAILED"
        desk.sim("reset", {})
        assert [hook["target"] for hook in desk.sim("state")["webhooks"]] == [shop.url]


def test_it_reads_its_options() -> None:
    assert parse([]) == Options()
    words = [
        "--port",
        "8",
        "--webhook",
        "http://a",
        "--webhook",
        "http://b",
        "--chaos",
        "off",
        "--mode",
        "CONVERSATION",
    ]
    expected = Options(port=8, webhooks=("http://a", "http://b"), chaos="off", mode="CONVERSATION")
    assert parse(words) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "0"], "--speed must be more than 0.0; it is 0.0"),  # the clock would stand still
        (["--speed", "1e300"], "--speed must be at most 1000000.0; it is 1e+300"),  # and run away
        (["--delays", "-1"], "--delays must be at least 0.0; it is -1.0"),
        (["--port", "65536"], "--port must be at most 65535; it is 65536"),
        (["--port", "http"], "--port: must be a whole number; it is http"),
        (["--speed", "fast"], "--speed: must be a number; it is fast"),
    ],
)
def test_what_an_option_cannot_be_is_told_by_its_name(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(words)
    told = capsys.readouterr().err
    assert (raised.value.code, said in told) == (2, True), told


def test_the_same_seed_gives_the_same_keys() -> None:
    with open_desk("--seed", "7") as one, open_desk("--seed", "7") as two, open_desk("--seed", "8") as three:
        assert one.legacy == two.legacy != three.legacy
        assert one.app["key_secret"] == two.app["key_secret"] != three.app["key_secret"]
