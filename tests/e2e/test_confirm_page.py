"""A customer follows the link that confirms a consent, on a phone."""

from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from parley.domain.consent import Action
from parley.store.database import Database
from tests.contracts.management.test_confirm import YES, Desk
from tests.contracts.management.test_definitions import call
from tests.e2e.conftest import OpenPage
from tests.support.api import ProjectApi
from tests.support.builders import Cast, add_event, consent_event

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}


class Spoken(msgspec.Struct, frozen=True):
    """What the page says in one language."""

    locale: str
    direction: str
    button: str
    done: str
    over: str


ENGLISH = Spoken("en-GB", "ltr", "Confirm", "Thank you, that is confirmed.", "This link is no longer valid.")
ARABIC = Spoken("ar-EG", "rtl", "تأكيد", "شكراً، تم التأكيد.", "هذا الرابط لم يعد صالحاً.")
LANGUAGES = pytest.mark.parametrize("said", [ENGLISH, ARABIC], ids=["from the left", "from the right"])
LONG = "Yes, by WhatsApp.\nhttps://shop.example/a-very-long-address/of-the-terms/and-conditions/2026/11/version-7"
LEAST_TO_TAP = 44
"""Pixels, WCAG 2.5.5."""


@pytest.fixture
async def shop(api: ProjectApi, database: Database, cast: Cast) -> Desk:
    shop = Desk(api, database, cast)
    await shop.settle()
    return shop


async def _asked(shop: Desk) -> str:
    """Carol said yes to a text with a long address in it; the link."""
    body = YES | {"evidence": {"shown_text": LONG}}
    answer = await call(shop.api, "POST", "/", body, under="/consents")
    assert answer.status == 201, answer.text
    return f"{shop.api.url}/confirm/{(await shop.asked())[-1]['token']}"


async def _fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@LANGUAGES
async def test_it_is_read_and_tapped_on_a_phone(shop: Desk, open_page: OpenPage, said: Spoken) -> None:
    page = await open_page(await _asked(shop), locale=said.locale, **PHONE)
    html = page.locator("html")
    await expect(html).to_have_attribute("lang", said.locale[:2])
    await expect(html).to_have_attribute("dir", said.direction)
    assert await _fits(page)
    assert await page.evaluate("window.innerWidth") == PHONE["viewport"]["width"]  # a wider page would be shrunk
    box = await page.get_by_role("button", name=said.button).bounding_box()
    assert box is not None
    assert box["height"] >= LEAST_TO_TAP
    assert box["y"] + box["height"] <= PHONE["viewport"]["height"]
    quote, words = await page.locator("blockquote").bounding_box(), await page.locator("blockquote p").bounding_box()
    assert quote is not None
    assert words is not None
    assert (words["x"] > quote["x"]) == (said.direction == "ltr")  # the line beside it is where one begins to read
    await page.get_by_role("button", name=said.button).tap()
    await expect(page.get_by_role("heading", name=said.done)).to_be_visible()
    await expect(page.get_by_role("button")).to_have_count(0)
    assert await page.title() == said.done
    assert await _fits(page)
    assert await shop.actions() == [Action.ACCEPT, Action.ASKED]


async def test_the_button_is_reached_and_seen_by_keyboard(shop: Desk, open_page: OpenPage) -> None:
    page = await open_page(await _asked(shop))
    button = page.get_by_role("button", name="Confirm")
    await expect(button).not_to_be_focused()  # whoever presses Enter too early has not confirmed
    await page.keyboard.press("Tab")
    await expect(button).to_be_focused()
    assert await button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


async def test_what_follows_can_be_loaded_again(shop: Desk, open_page: OpenPage) -> None:
    link = await _asked(shop)
    page = await open_page(link, **PHONE)
    await page.get_by_role("button").tap()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    methods: list[str] = []
    page.on("request", lambda asked: methods.append(asked.method))
    await page.reload()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert (page.url, methods) == (link, ["GET"])
    assert await shop.actions() == [Action.ACCEPT, Action.ASKED]


@LANGUAGES
async def test_a_link_that_is_over_says_so_and_asks_nothing(shop: Desk, open_page: OpenPage, said: Spoken) -> None:
    await add_event(shop.database, shop.api.project, consent_event(shop.cast.carol, "accept"))  # said at NOW, days ago
    expired = f"{shop.api.url}/confirm/{(await shop.asked())[-1]['token']}"
    for link, project in ((expired, 1), (f"{shop.api.url}/confirm/never-given-out", 0)):
        page = await open_page(link, locale=said.locale, **PHONE)
        await expect(page.locator("html")).to_have_attribute("dir", said.direction)
        await expect(page.get_by_role("heading", name=said.over)).to_be_visible()
        await expect(page.get_by_role("button")).to_have_count(0)
        await expect(page.get_by_text("Test shop")).to_have_count(project)
        assert await _fits(page)


async def test_a_page_that_was_left_open_until_a_no_says_so(shop: Desk, open_page: OpenPage) -> None:
    page = await open_page(await _asked(shop), **PHONE)
    await call(shop.api, "POST", "/", YES | {"action": "reject", "valid_until": None}, under="/consents")
    await page.get_by_role("button").tap()
    await expect(page.get_by_role("heading", name="You have said no since then.")).to_be_visible()
    assert Action.ACCEPT not in await shop.actions()
