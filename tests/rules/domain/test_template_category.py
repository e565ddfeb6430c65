"""What a category of then is today: one rule, for the hand-in and for the price."""

import pytest

from parley.costs import Category
from parley.domain.template_category import CURRENT, TRANSACTIONAL, Filed, filed_today


def test_each_of_the_ten_is_utility() -> None:
    assert {filed_today(name) for name in TRANSACTIONAL} == {Filed.UTILITY}


@pytest.mark.parametrize("name", sorted(CURRENT))
def test_each_of_the_three_is_itself_however_it_is_written(name: str) -> None:
    assert [filed_today(written) for written in (name, name.lower(), f" {name.title()} ")] == [name] * 3


@pytest.mark.parametrize("name", ["", "PRICE_UPDATE", "NEWS", "AUTO_REPLY", "MARKETING_LITE"])
def test_what_nobody_knows_is_marketing(name: str) -> None:
    assert filed_today(name) is Filed.MARKETING


def test_a_space_is_as_good_as_a_line() -> None:
    assert filed_today("Shipping update") is Filed.UTILITY


def test_each_has_a_price() -> None:
    assert {Category(one.lower()) for one in Filed} == {
        Category.MARKETING,
        Category.UTILITY,
        Category.AUTHENTICATION,
    }
