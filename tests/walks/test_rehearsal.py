"""What is tried is what would happen: the counts agree with a launch, and nothing is left behind."""

from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.services.try_policy import Tried, Wish, play_of, try_policy
from tests.support.builders import Cast, add_customer
from tests.walks.walk import Walk, inbound

SALE = {
    "kind": "campaign",
    "name": "sale",
    "audience": {"attribute": "first_name", "is_set": True},
    "settings": {"consent_category": "whatsapp"},
    "send": {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"]},
}


@pytest.fixture
async def crowd(walk: Walk, people: Cast) -> Cast:
    """Beside the cast: one without a number, one in the night, one outside the audience."""
    await walk.apply(SALE, {"kind": "settings", "quiet_hours": {"spans": [{"from": "21:00", "to": "08:00"}]}})
    nobody = await add_customer(walk.database, walk.project, "nobody", {"first_name": "N"})
    aroha = await add_customer(walk.database, walk.project, "aroha", {"first_name": "A", "phone": "+64211234567"})
    for one in (nobody, aroha):
        await walk.track(one, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    await add_customer(walk.database, walk.project, "outside", {"phone": "+421901000099"})
    await walk.come_to_rest()
    return people


async def _try(walk: Walk, chunk: int = 500, **wish: Any) -> list[Tried]:
    play = await play_of(walk.database, walk.project_id, Wish(**wish), walk.now)
    return [one async for one in try_policy(walk.database, walk.project_id, play, walk.now, chunk)]


def _counts(tried: Tried) -> dict[tuple[str, str], int]:
    return {(one.outcome, one.code): one.count for one in tried.reasons}


async def _messages(walk: Walk) -> int:
    async with walk.database.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM messages"))


async def test_it_counts_by_reason_and_names_examples(walk: Walk, crowd: Cast) -> None:
    (tried,) = await _try(walk, campaign="sale")
    assert (tried.customers, tried.looked_at, tried.in_audience) == (6, 6, 5)
    assert (tried.allowed, tried.later, tried.refused) == (1, 1, 3)
    assert _counts(tried) == {
        ("refused", "consent_revoked"): 1,
        ("refused", "no_consent"): 1,
        ("refused", "no_address"): 1,
        ("later", "quiet_hours"): 1,
    }
    carol = next(one for one in tried.reasons if one.code == "no_consent")
    assert carol.examples[0].customer_id == crowd.carol
    assert carol.examples[0].ids == {"registered": "carol"}
    assert carol.examples[0].sentence.startswith("The customer never agreed")
    assert carol.remedy


async def test_a_launch_comes_to_what_was_tried(walk: Walk, crowd: Cast) -> None:
    (tried,) = await _try(walk, campaign="sale")
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    progress = await walk.progress("sale")
    assert progress.planned == tried.in_audience
    assert {one.code: one.count for one in progress.reasons} == {
        one.code: one.count for one in tried.reasons if one.outcome == "refused"
    }
    assert progress.messages == {"queued": tried.allowed, "planned": tried.later, "refused": tried.refused}


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        ({"template": "cart_reminder", "consent_category": "letter"}, "consent_category", "; there is offers"),
        ({"template": "cart_reminder", "condition": {"consent": "letter"}}, "condition", "; there is offers"),
        ({"campaign": "sale", "condition": {"not": {"consent": "letter"}}}, "condition", "; there is offers"),
        ({"campaign": "sale", "consent_category": "whatsapp"}, "consent_category", "has no place here"),
        ({"scenario": "none", "sender": "shop", "parameters": ("x",)}, "parameters", "has no place here"),
    ],
)
async def test_what_would_be_passed_over_is_refused(
    walk: Walk, crowd: Cast, wish: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await _try(walk, **wish)
    assert caught.value.problems[0].field == field
    assert sentence in caught.value.problems[0].sentence


async def test_nothing_is_written(walk: Walk, crowd: Cast) -> None:
    before = await _messages(walk)
    await _try(walk, campaign="sale")
    assert await _messages(walk) == before


async def test_it_says_what_the_others_would_cost(walk: Walk, crowd: Cast) -> None:
    await walk.call_back(inbound("421901000001", "hello", walk.now))
    (tried,) = await _try(walk, campaign="sale")
    by_market = {one.market: one for one in tried.estimate.costs}
    assert tried.estimate.currency == "USD"
    assert tried.estimate.messages == 2
    assert tried.estimate.in_window == 1
    assert by_market.keys() == {"Rest of Central & Eastern Europe", "Rest of Asia Pacific"}
    assert tried.estimate.amount == sum(one.amount for one in tried.estimate.costs)


async def test_a_budget_counts_what_pages_before_would_cost(walk: Walk, crowd: Cast) -> None:
    everybody = [
        await add_customer(walk.database, walk.project, f"n{one}", {"first_name": "N", "phone": f"+4219020000{one:02}"})
        for one in range(6)
    ]
    for one in everybody:
        await walk.track(one, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    (free,) = await _try(walk, campaign="sale")
    each = max(one.amount / one.messages for one in free.estimate.costs)
    await walk.apply({"kind": "settings", "costs": {"budgets": [{"per": "ever", "limit": str(each * 3)}]}})
    tried = (await _try(walk, 2, campaign="sale"))[-1]
    assert _counts(tried)["refused", "budget_spent"] > 0
    assert 0 < tried.estimate.amount <= each * 3


async def test_page_by_page_it_comes_to_the_same(walk: Walk, crowd: Cast) -> None:
    (at_once,) = await _try(walk, campaign="sale")
    pages = await _try(walk, 2, campaign="sale")
    assert [one.looked_at for one in pages] == [2, 4, 6, 6]
    assert _counts(pages[-1]) == _counts(at_once)


async def test_another_audience_and_a_template_alone_can_be_tried(walk: Walk, crowd: Cast) -> None:
    alice = {"attribute": "first_name", "equals": "Alice"}
    (tried,) = await _try(walk, campaign="sale", condition=alice)
    assert (tried.in_audience, tried.allowed) == (1, 1)
    (tried,) = await _try(walk, template="cart_reminder", parameters=("{{ customer.first_name }}",), condition=alice)
    assert (tried.in_audience, tried.allowed) == (1, 1)
    (tried,) = await _try(walk, template="cart_reminder", condition=alice)
    assert _counts(tried) == {("refused", "template_parameters"): 1}


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({}, "campaign"),
        ({"campaign": "sale", "template": "cart_reminder"}, "campaign"),
        ({"campaign": "none"}, "campaign"),
        ({"template": "no_such"}, "template"),
        ({"template": "cart_reminder", "language": "de"}, "language"),
        ({"campaign": "sale", "condition": {"nobody": 1}}, "condition"),
        ({"template": ""}, "send.template"),
    ],
)
async def test_what_cannot_be_tried_is_told(walk: Walk, crowd: Cast, wish: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await _try(walk, **wish)
    assert caught.value.problems[0].field.startswith(place)
