"""A person plays the customer on the simulator's own page."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.desk import Desk, simulator

ALICE = "421900000001"
BOB = "421900000002"
PHONE = {"width": 390, "height": 760}
CART = "Dear {{1}}, You have items in your shopping cart. Type CART as a response to this message."


@pytest.fixture
async def page(desk: Desk, open_page: OpenPage) -> Page:
    """The page on a desktop, with Alice's phone in hand."""
    return await open_page(f"{desk.url}/#{ALICE}")


async def test_it_picks_up_a_number_and_shows_what_the_shop_sends(desk: Desk, open_page: OpenPage) -> None:
    await desk.offer_template("cart", CART)
    page = await open_page(desk.url)
    await page.get_by_label("Phone number").fill("00421 900 000 001")
    await page.get_by_role("button", name="Pick up").click()
    await desk.send_template(ALICE, "cart", "Alice")
    message = page.get_by_role("log").get_by_role("listitem").filter(has_text="Dear Alice")
    await expect(message).to_be_visible()
    await expect(message).to_contain_text("Read")  # it is on a screen that somebody can see


async def test_it_sends_what_the_customer_types(desk: Desk, page: Page) -> None:
    box = page.get_by_label("Message", exact=True)
    await box.fill("CART")
    await box.press("Enter")
    await expect(messages(page, "CART")).to_be_visible()
    await expect(box).to_have_value("")
    await expect(box).to_be_focused()
    [written] = await desk.thread(ALICE)
    assert (written["direction"], written["type"], written["text"]) == ("in", "text", "CART")


async def test_it_makes_a_new_line_with_shift_and_enter(desk: Desk, page: Page) -> None:
    await page.get_by_label("Message", exact=True).focus()
    await page.keyboard.type("two")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("lines")
    await page.keyboard.press("Enter")
    await expect(messages(page, "two")).to_be_visible()
    assert [written["text"] for written in await desk.thread(ALICE)] == ["two\nlines"]


async def test_it_answers_with_the_tapped_button(desk: Desk, page: Page) -> None:
    await desk.offer_template("cart", CART, [{"type": "QUICK_REPLY", "text": "Show my cart"}])
    await desk.send(
        ALICE,
        {
            "type": "template",
            "template_name": "cart",
            "body_params": ["Alice"],
            "media": {"type": "text"},
            "buttons": [{"type": "quick_reply", "payload": "CART-7"}],
        },
    )
    await page.get_by_role("button", name="Show my cart").click()
    await expect(messages(page, "Show my cart").last).to_have_class(re.compile("from-me"))
    sent, tapped = await desk.thread(ALICE)
    assert (tapped["type"], tapped["text"]) == ("button", "Show my cart")
    assert sent["buttons"][0]["payload"] == "CART-7"


async def test_it_answers_with_the_chosen_line_of_a_list(desk: Desk, page: Page) -> None:
    await desk.write(ALICE, "which sizes?")
    rows = [{"id": "size-m", "title": "Medium"}, {"id": "size-l", "title": "Large"}]
    action = {"button": "Sizes", "sections": [{"title": "Sizes", "rows": rows}]}
    question = {"type": "list", "body": {"text": "Pick one"}, "action": action}
    await desk.send(ALICE, {"type": "interactive", "message": question})
    await page.get_by_role("button", name="Large").click()
    await expect(messages(page, "Large").last).to_have_class(re.compile("from-me"))
    assert [written["type"] for written in await desk.thread(ALICE)] == ["text", "interactive", "list"]


async def test_it_opens_links_and_only_shows_what_a_real_phone_would_do(desk: Desk, page: Page) -> None:
    visit = {"type": "URL", "text": "Visit the shop", "url": "https://shop.example/sale"}
    others = {
        "PHONE_NUMBER": "Call us",
        "OTP": "Copy the code",
        "REQUEST_CONTACT_INFO": "Share",
        "ORDER_DETAILS": "Pay",
    }
    shown = [{"type": kind, "text": text} for kind, text in others.items()]
    await desk.offer_template("cart", CART, [visit, *shown])
    await desk.send_template(ALICE, "cart", "Alice")
    link = page.get_by_role("link", name="Visit the shop")
    await expect(link).to_have_attribute("href", "https://shop.example/sale")
    for text in others.values():
        await expect(page.get_by_text(text, exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name=text)).to_have_count(0)


async def test_it_sends_a_picture_with_its_caption(desk: Desk, page: Page, picture: Path) -> None:
    await page.set_input_files("#picture-file", picture)
    await expect(page.get_by_text("chair.png")).to_be_visible()
    await page.keyboard.type("is it this one?")
    await page.keyboard.press("Enter")
    shown = messages(page, "is it this one?").get_by_role("img", name="is it this one?")
    await expect(shown).to_be_visible()
    await expect(shown).to_have_js_property("naturalWidth", 64)
    await expect(page.get_by_text("chair.png")).to_be_hidden()


async def test_it_refuses_a_file_that_is_no_picture(desk: Desk, page: Page, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a picture")
    await page.set_input_files("#picture-file", text)
    await expect(page.get_by_role("alert")).to_contain_text("not a picture")
    assert await desk.thread(ALICE) == []


async def test_it_sends_a_location(desk: Desk, page: Page) -> None:
    await page.get_by_role("button", name="Send a location").click()
    await page.get_by_label("Place name").fill("Devín")
    await page.get_by_label("Latitude").fill("48,1738")
    await page.get_by_label("Longitude").fill("west")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("longitude from")).to_be_visible()
    await page.get_by_label("Longitude").fill("16.9784")
    await page.keyboard.press("Enter")
    await expect(messages(page, "Devín")).to_contain_text("48.1738, 16.9784")


async def test_it_shows_right_to_left_text_and_emoji(desk: Desk, page: Page) -> None:
    await desk.write(ALICE, "שלום, 3 כיסאות?")
    await desk.send_text(ALICE, "مرحبا 😀 shop")
    await desk.write(ALICE, "😍👍🏽")
    for text, direction in (("שלום", "rtl"), ("مرحبا 😀 shop", "rtl"), ("😍👍🏽", "ltr")):
        await expect(messages(page, text).locator(".text")).to_have_css("direction", direction)
    await expect(messages(page, "😍👍🏽").locator(".text")).to_have_css("font-size", "35.2px")


async def test_it_shows_markup_as_text(desk: Desk, page: Page) -> None:
    hostile = "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'> javascript:alert(1)"
    await desk.write(ALICE, hostile)
    await desk.send_text(ALICE, hostile)
    await expect(messages(page, hostile)).to_have_count(2)
    await expect(page.locator(".handset .preview")).to_have_text(hostile)
    assert await page.evaluate("window.broken") is None
    assert await page.locator("#thread :is(script, img, a)").count() == 0


async def test_it_makes_web_addresses_tappable_without_the_full_stop(desk: Desk, page: Page) -> None:
    await desk.write(ALICE, "see https://shop.example/cart?a=1&b=2.")
    link = page.get_by_role("link", name="https://shop.example/cart?a=1&b=2", exact=True)
    await expect(link).to_have_attribute("href", "https://shop.example/cart?a=1&b=2")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def test_it_says_why_a_message_did_not_arrive(desk: Desk, page: Page) -> None:
    await desk.send_text(ALICE, "Buy now!")
    message = messages(page, "Buy now!")
    await expect(message).to_contain_text("Failed")
    await expect(message).to_contain_text("only a template may be sent")


async def test_it_marks_what_waits_on_another_handset(desk: Desk, page: Page) -> None:
    await desk.write(BOB, "hello")
    await desk.send_text(BOB, "Good morning")
    row = page.get_by_role("button", name="+421900000002")
    await expect(row).to_contain_text("Good morning")
    await expect(row).to_contain_text("1 unread")
    await expect(page).to_have_title("(1) Handsets")
    await row.click()
    await expect(row).not_to_contain_text("unread")
    await expect(page).to_have_title("Handsets")


async def test_it_keeps_the_readers_place_when_news_comes(desk: Desk, page: Page) -> None:
    for number in range(40):
        await desk.write(ALICE, f"line {number}")
    await expect(messages(page, "line 39")).to_be_in_viewport()
    thread = page.get_by_role("region", name="Conversation")
    await thread.evaluate("frame => frame.scrollTo(0, 100)")
    await desk.send_text(ALICE, "the newest")
    await expect(page.get_by_role("button", name="New messages")).to_be_visible()
    assert await thread.evaluate("frame => frame.scrollTop") == 100
    await page.get_by_role("button", name="New messages").click()
    await expect(messages(page, "the newest")).to_be_in_viewport()


async def test_it_stays_at_the_end_when_a_picture_loads_late(desk: Desk, page: Page, picture: Path) -> None:
    arrives = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    await page.route("**/media/**", hold)
    await desk.write(ALICE, "line\n" * 40)
    await page.set_input_files("#picture-file", picture)
    await page.get_by_label("Message", exact=True).press("Enter")
    shown = page.get_by_role("img", name="Picture")
    await expect(shown).to_be_in_viewport()
    # A scroll event may come between the picture's growth and the page's notice of it; here it always does.
    await shown.evaluate("image => image.onload = () => thread.dispatchEvent(new Event('scroll'))")
    arrives.set()
    await expect(shown).to_have_js_property("naturalHeight", 400)
    await expect(page.locator(".meta").last).to_be_in_viewport()


async def test_it_draws_a_long_conversation_in_parts(desk: Desk, page: Page) -> None:
    for number in range(230):
        await desk.write(ALICE, f"line {number}.")
    await expect(messages(page, "line 229.")).to_be_in_viewport()
    await expect(messages(page, "line")).to_have_count(200)
    await page.get_by_role("button", name="Show earlier messages").click()
    await expect(messages(page, "line")).to_have_count(230)


async def test_it_can_be_played_by_keyboard_alone(desk: Desk, open_page: OpenPage) -> None:
    await desk.offer_template("cart", CART, [{"type": "QUICK_REPLY", "text": "Show my cart"}])
    page = await open_page(desk.url)
    await page.keyboard.press("Tab")
    await page.keyboard.type("+421900000001")
    await page.keyboard.press("Enter")
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    await desk.send_template(ALICE, "cart", "Alice")
    button = page.get_by_role("button", name="Show my cart")
    await expect(button).to_be_visible()
    await tab_to(page, "Show my cart", backwards=True)
    assert await button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    await expect(messages(page, "Dear Alice")).to_contain_text("Read")  # a redraw later …
    await expect(button).to_be_focused()  # … the focus is still there
    await page.keyboard.press("Enter")
    await expect(messages(page, "Show my cart")).to_have_count(2)


async def test_it_shows_one_view_at_a_time_on_a_phone(desk: Desk, open_page: OpenPage) -> None:
    await desk.write(ALICE, "a" * 400)
    page = await open_page(desk.url, viewport=PHONE, has_touch=True, is_mobile=True)
    row = page.get_by_role("button", name="+421900000001")
    await row.tap()
    await expect(messages(page, "aaa")).to_be_in_viewport()
    await expect(page.get_by_role("navigation")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await page.get_by_role("button", name="Back to the handsets").tap()
    await expect(row).to_be_focused()
    await expect(page.get_by_role("log")).to_be_hidden()
    await page.go_back()
    await expect(messages(page, "aaa")).to_be_in_viewport()


async def test_it_says_what_to_do_when_there_is_nothing(desk: Desk, open_page: OpenPage) -> None:
    page = await open_page(desk.url)
    await expect(page.get_by_text("No handsets yet")).to_be_visible()
    await expect(page.get_by_text("Choose a handset")).to_be_visible()
    await page.get_by_label("Phone number").fill("12 ab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("with its country code, such as")).to_be_visible()
    await page.get_by_label("Phone number").fill("421 900 000 001")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()


async def test_it_follows_the_dark_scheme(desk: Desk, open_page: OpenPage) -> None:
    light = await open_page(desk.url, color_scheme="light")
    dark = await open_page(desk.url, color_scheme="dark")
    await expect(light.locator("body")).to_have_css("background-color", "rgb(244, 241, 234)")
    await expect(dark.locator("body")).to_have_css("background-color", "rgb(18, 24, 23)")


async def test_it_gives_every_control_a_name(desk: Desk, page: Page) -> None:
    await desk.write(ALICE, "hello")
    await expect(messages(page, "hello")).to_be_visible()
    for control in await page.get_by_role("button").or_(page.get_by_role("textbox")).all():
        assert re.search(r'(button|textbox) "[^"]+"', await control.aria_snapshot())


async def test_it_says_so_when_the_simulator_is_away_and_goes_on_when_it_is_back(
    chromium: Browser, open_page: OpenPage
) -> None:
    async with simulator() as ready:
        page = await open_page(f"{ready.base_url}/#{ALICE}")
        await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    box = page.get_by_label("Message", exact=True)
    await expect(page.get_by_role("alert").first).to_contain_text("Start it again")
    await box.fill("CART")
    await box.press("Enter")
    await expect(page.locator("#send-error")).to_contain_text("does not answer")
    await expect(box).to_have_value("CART")
    async with simulator(int(ready.base_url.rpartition(":")[2])):
        await expect(page.locator("#trouble")).to_be_hidden()
        await box.press("Enter")
        await expect(messages(page, "CART")).to_be_visible()
        await expect(page.locator("#send-error")).to_be_hidden()


@pytest.fixture
async def picture(chromium: Browser, tmp_path: Path) -> Path:
    """A real PNG, 64 pixels wide."""
    page = await chromium.new_page(viewport={"width": 64, "height": 400})
    path = tmp_path / "chair.png"
    await page.screenshot(path=path)
    await page.close()
    return path


async def tab_to(page: Page, name: str, *, backwards: bool) -> None:
    """Press Tab until the focus is on the control of this name; 20 presses are more than the page has."""
    for _ in range(20):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if await page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    pytest.fail(f"Tab never reached {name}")


def messages(page: Page, text: str) -> Locator:
    """The messages in the conversation that have this text."""
    return page.locator("#messages > .message").filter(has_text=text)
