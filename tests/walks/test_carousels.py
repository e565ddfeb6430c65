"""A carousel leaves with each card's picture and texts, and not without them."""

from typing import Any

import pytest

from parley.domain.http import HttpRequest, HttpResponse
from tests.support.builders import Cast
from tests.walks.test_template_sync import LAMPS
from tests.walks.walk import ScriptedSinch, Walk

CARDS = [
    {"type": "image", "url": "https://cdn.example/{{ customer.first_name }}.png", "parameters": ["20"]},
    {"type": "image", "url": "https://cdn.example/b.png", "parameters": ["{{ 10 + 20 }}"]},
]
ACCOUNT = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_conversation",
    "account": {"project_id": "p", "app_id": "a", "key_id": "k", "key_secret": "s", "base_url": "https://sinch.test"},
    "limits": {"messages_per_second": None},
}


class Conversation(ScriptedSinch):
    """Gives tokens, and takes messages."""

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        assert timeout > 0
        if request.url.endswith("/token"):
            return HttpResponse(200, body=b'{"access_token": "t", "expires_in": 3599}')
        self.requests.append(request)
        return HttpResponse(200, body=b'{"message_id": "M-1"}')


def campaign(cards: list[dict[str, Any]]) -> dict[str, Any]:
    send = {"type": "send_template", "template": "lamps", "cards": cards}
    return {"kind": "campaign", "name": "lamps", "send": send, "settings": {"consent_category": "whatsapp"}}


async def launched(walk: Walk, account: dict[str, Any] | None, cards: list[dict[str, Any]]) -> None:
    walk.sinch = Conversation()
    walk.delivery = walk.worker()
    settings = {"kind": "settings", "rules": "current"}
    await walk.apply(settings, *([account] if account else []), LAMPS | {"status": "approved"}, campaign(cards))
    await walk.launch("lamps")
    await walk.come_to_rest()


async def test_each_card_has_its_picture_and_its_texts(walk: Walk, people: Cast) -> None:
    await launched(walk, ACCOUNT, CARDS)
    (body,) = walk.sinch.bodies("messages:send")
    assert body["message"]["template_message"]["channel_template"]["WHATSAPP"]["parameters"] == {
        "carousel[0]header[1]image.link": "https://cdn.example/Alice.png",
        "carousel[0]body[1]text": "20",
        "carousel[1]header[1]image.link": "https://cdn.example/b.png",
        "carousel[1]body[1]text": "30",
    }


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        (CARDS[:1], "carousel[1].header: no image is given"),
        ([CARDS[0], CARDS[1] | {"parameters": []}], "carousel[1].body: takes 1 values, 0 are given"),
        ([*CARDS, CARDS[0]], "is of a card that the template does not have"),
    ],
)
async def test_a_card_too_few_or_too_many_is_refused(
    walk: Walk, people: Cast, cards: list[dict[str, Any]], said: str
) -> None:
    await launched(walk, ACCOUNT, cards)
    assert walk.sinch.bodies("messages:send") == []
    event = (await walk.events(people.alice))[-1]
    assert event["code"] == "template_parameters"
    assert said in event["error"]


async def test_the_old_api_knows_no_carousel(walk: Walk, people: Cast) -> None:
    await launched(walk, None, CARDS)
    assert walk.sinch.requests == []
    event = (await walk.events(people.alice))[-1]
    assert event["status"] in ("refused", "failed")
    assert "other_parameters" in event["error"]
