"""Rule sets have dates: on no day were two of them WhatsApp's own, and each ends to the day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.template_category import CURRENT, TRANSACTIONAL
from parley.templates.rule_sets import TERMS, RuleSet, is_in, whatsapps_on

DAY = timedelta(days=1)


@given(st.dates())
def test_at_most_one_was_whatsapps_own(day: date) -> None:
    own = [rules for rules, term in TERMS.items() if term.since <= day and (term.until is None or day < term.until)]
    assert own == [rules for rules in (whatsapps_on(day),) if rules is not None]


@pytest.mark.parametrize("rules", list(RuleSet))
def test_each_begins_and_ends_to_the_day(rules: RuleSet) -> None:
    term = TERMS[rules]
    assert (whatsapps_on(term.since - DAY), whatsapps_on(term.since)) == (None, rules)
    if term.until:
        assert (whatsapps_on(term.until - DAY), whatsapps_on(term.until)) == (rules, None)


@given(st.sampled_from(sorted(TRANSACTIONAL | CURRENT)))
def test_a_category_belongs_to_one_of_them_however_it_is_written(category: str) -> None:
    written = category.lower().replace("_", " ")
    assert [is_in(written, rules) for rules in RuleSet] == [category in TRANSACTIONAL, category in CURRENT]
