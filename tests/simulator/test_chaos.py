"""With surprises on: a few per cent of everything odd, and still nothing that the SDK cannot parse."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from sinch import SinchClient

from tests.simulator.desk import CART, Desk, cart, cart_legacy, open_desk
from tests.simulator.shop import Heard, Shop, open_shop

MANY = 600
USUAL = ["QUEUED_ON_CHANNEL", "DELIVERED", "READ"]


@pytest.fixture(scope="module")
def stormy_desk() -> Iterator[Desk]:
    with open_desk("--chaos", "few", "--delays", "0.001", "--seed", "3") as desk:
        desk.sim("settings", {"drain_per_second": 0, "callbacks_per_second": 0, "requests_per_second": 0})
        desk.sim("templates", CART)
        yield desk


@pytest.fixture(scope="module")
def storm(stormy_desk: Desk) -> list[Heard]:
    """What a shop hears of many messages."""
    with open_shop() as shop:
        stormy_desk.sim("webhooks", {"url": shop.url})
        for i in range(MANY):
            stormy_desk.send(cart(), f"421900001{i:03}", message_metadata=f"m{i}")
        return settled(stormy_desk, shop)


def settled(desk: Desk, shop: Shop) -> list[Heard]:
    """Everything heard until nothing more is planned."""
    desk.advance(3600)
    heard = []
    while desk.sim("state")["planned"] or desk.sim("state")["callbacks_in_flight"] or not shop.is_quiet():
        if not shop.is_quiet():
            heard.append(shop.next())
    return heard


def paths(storm: list[Heard]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for heard in storm:
        report = heard.body.get("message_delivery_report")
        if report:
            found[report["message_id"]].append(report["status"])
    return found


def test_it_skips_stops_and_swaps_now_and_then(storm: list[Heard]) -> None:
    kinds = Counter(tuple(dict.fromkeys(path)) for path in paths(storm).values())
    assert kinds[tuple(USUAL)] > MANY / 3
    assert kinds["QUEUED_ON_CHANNEL", "DELIVERED"] > MANY / 20  # never read
    assert kinds["QUEUED_ON_CHANNEL", "READ"] >= 1
    assert kinds[("QUEUED_ON_CHANNEL",)] >= 1
    assert any(path[-2:] == ("READ", "DELIVERED") for path in kinds)
    assert any(path[:2] == ("DELIVERED", "QUEUED_ON_CHANNEL") for path in kinds)


def test_it_repeats_itself_now_and_then(storm: list[Heard]) -> None:
    signatures: dict[bytes, list[str]] = defaultdict(list)
    for heard in storm:
        signatures[heard.raw].append(heard.headers["x-sinch-webhook-signature"])
    repeated = [found for found in signatures.values() if len(found) > 1]
    assert 1 <= len(repeated) < len(storm) / 5
    assert {len(set(found)) == 1 for found in repeated} == {True, False}  # signed alike, or anew


def test_a_report_overtakes_its_answer_now_and_then(stormy_desk: Desk, storm: list[Heard]) -> None:
    """The journal notes a callback when it was answered, and a send when its own answer leaves."""
    noted: dict[str, list[str]] = defaultdict(list)
    for entry in stormy_desk.sim("journal?limit=20000")["entries"]:
        for message_id in entry["message_ids"]:
            noted[message_id].append(entry["kind"])
    overtaken = [kinds for kinds in noted.values() if kinds[0] == "callback"]
    assert 1 <= len(overtaken) < MANY / 5


def test_it_varies_its_envelopes(storm: list[Heard]) -> None:
    digits = {len(heard.body["accepted_time"]) for heard in storm if heard.body.get("accepted_time")}
    assert len(digits) == 10
    assert any("event_time" not in heard.body for heard in storm)
    assert any(heard.body.get("event_time", "") is None for heard in storm)
    assert any("a_key_from_the_future" in heard.body for heard in storm)
    assert any("message_future_notification" in heard.body for heard in storm)
    assert {"reason" in heard.body.get("message_delivery_report", {}) for heard in storm} == {True, False}


def test_it_always_attributes(storm: list[Heard]) -> None:
    reports = [heard.body["message_delivery_report"] for heard in storm if "message_delivery_report" in heard.body]
    assert {report["metadata"] for report in reports} == {f"m{i}" for i in range(MANY)}


def test_it_signs_and_shapes_everything_for_the_sdk(stormy_desk: Desk, storm: list[Heard]) -> None:
    keys = {name: stormy_desk.app[name] for name in ("key_id", "key_secret", "project_id")}
    client: Any = SinchClient(**keys)
    events = client.conversation.sinch_events(stormy_desk.app["webhook_secret"])
    for heard in storm:
        assert events.validate_authentication_header(headers=heard.headers, json_payload=heard.raw)
        assert events.parse_event(heard.raw).app_id == stormy_desk.app["app_id"]


def test_it_batches_legacy_callbacks_at_random(stormy_desk: Desk) -> None:
    with open_shop() as shop:
        stormy_desk.sim("legacy", {"callback_url": shop.url})
        for i in range(0, 100, 20):
            stormy_desk.send_legacy(cart_legacy(), *(f"4219000020{j:02}" for j in range(i, i + 20)))
        bodies = [heard.body for heard in settled(stormy_desk, shop)]
    sizes = Counter(len(body.get("statuses", ())) for body in bodies)
    assert sizes[1] > 0
    assert max(sizes) > 1
    assert any("conversation_data" in body for body in bodies)
