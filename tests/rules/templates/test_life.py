"""Where a template stands after its file was applied, and how it is judged."""

import msgspec
import pytest

from parley.templates import MessageTemplate, RuleSet, Status
from parley.templates.judgement import REGIME, barring, judge, refusing
from parley.templates.life import Standing, status_applied
from parley.templates.lint import RULES
from parley.templates.template import Body

GOOD = MessageTemplate("order_shipped", "en", "SHIPPING_UPDATE", Body("Your order is on its way and arrives today."))
OTHER = msgspec.structs.replace(GOOD, body=Body("Your order has been handed to the carrier and arrives today."))
OFFER = msgspec.structs.replace(GOOD, category="MARKETING", body=Body("Get 20 % off everything in our shop today!"))
CART = "You have items in your shopping cart and have not finished your purchase. Type CART to go there."


def written(template: MessageTemplate, status: Status) -> MessageTemplate:
    return msgspec.structs.replace(template, status=status)


def test_a_new_one_is_linted_or_a_draft_unless_its_file_says_more() -> None:
    assert status_applied(None, GOOD, has_errors=False) is Status.LINTED
    assert status_applied(None, GOOD, has_errors=True) is Status.DRAFT
    assert status_applied(None, written(GOOD, Status.APPROVED), has_errors=False) is Status.APPROVED


@pytest.mark.parametrize(
    ("before", "file", "synchronised", "expected"),
    [
        (Status.SUBMITTED, GOOD, False, Status.SUBMITTED),
        (Status.APPROVED, OTHER, False, Status.LINTED),
        (Status.APPROVED, OTHER, True, Status.LINTED),
        (Status.SUBMITTED, written(GOOD, Status.APPROVED), False, Status.APPROVED),
        (Status.PAUSED, written(GOOD, Status.APPROVED), True, Status.PAUSED),
        (Status.APPROVED, written(OTHER, Status.APPROVED), False, Status.APPROVED),
        (Status.APPROVED, written(OTHER, Status.APPROVED), True, Status.LINTED),
    ],
)
def test_a_file_says_where_it_stands_only_where_nobody_knows_better(
    before: Status, file: MessageTemplate, synchronised: bool, expected: Status
) -> None:
    assert status_applied(Standing(GOOD, before, synchronised), file, has_errors=False) is expected


def test_a_status_that_the_file_says_once_more_takes_nothing_back() -> None:
    file = written(GOOD, Status.APPROVED)
    paused = Standing(file, Status.PAUSED, synchronised=False)
    footer = msgspec.structs.replace(file, override="It is right.")
    assert status_applied(paused, footer, has_errors=False) is Status.PAUSED


def test_what_promotes_is_refused_unless_a_person_says_why() -> None:
    judgement = judge(OFFER, RuleSet.TRANSACTIONAL)
    assert {one.rule for one in refusing(OFFER, judgement)} == {"promotional", "category_transactional"}
    assert refusing(written(OFFER, Status.APPROVED), judgement) != ()  # WhatsApp's approval is no word of the project's
    assert refusing(msgspec.structs.replace(OFFER, override="They asked for it."), judgement) == ()
    assert refusing(OFFER, judge(OFFER, RuleSet.CURRENT)) == ()


def test_what_whatsapp_has_reviewed_is_not_refused_for_what_a_review_looks_at() -> None:
    edge = msgspec.structs.replace(GOOD, body=Body("Your order is on its way and arrives on {{1}}"))
    judgement = judge(edge, RuleSet.TRANSACTIONAL)
    assert {one.rule for one in refusing(edge, judgement)} == {"variable_at_edge", "variable_samples"}
    assert refusing(written(edge, Status.APPROVED), judgement) == ()
    assert barring(judgement, overridden=True) != ()  # but it cannot be handed in so


def test_an_override_is_about_the_rule_set_and_not_about_the_review() -> None:
    judgement = judge(OFFER, RuleSet.TRANSACTIONAL)
    assert barring(judgement, overridden=False) != ()
    assert barring(judgement, overridden=True) == ()
    assert RULES.keys() >= REGIME


@pytest.mark.parametrize("text", [CART, "An item you have saved in your favorites is back in stock. Reply SHOW ME."])
def test_the_pages_reminders_pass_then_and_are_marketing_today(text: str) -> None:
    template = msgspec.structs.replace(GOOD, category="ALERT_UPDATE", body=Body(text))
    assert judge(template, RuleSet.TRANSACTIONAL).errors == ()
    assert judge(template, RuleSet.TRANSACTIONAL).predicted == "UTILITY"
    assert judge(template, RuleSet.CURRENT).predicted == "MARKETING"
