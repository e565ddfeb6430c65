"""The promotional check: how often it is right, what it says, and what no disguise changes."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.template_category import TRANSACTIONAL
from parley.templates import promotion
from parley.templates.promotion import Label, classify
from parley.templates.promotion.lexicon import lexicons, term_lists
from parley.templates.promotion.terms import Index
from parley.templates.promotion.words import read_sentences
from parley.templates.rule_sets import RuleSet
from tests.support.labelled import measure, read_labelled

FLOORS = {"held_out.jsonl": 0.90, "tuning.jsonl": 0.98, "third.jsonl": 0.98, "traps.jsonl": 0.98}
"""The least accuracy. Nobody who writes rules reads the first set."""
LEXICONS = sorted(Path(promotion.__path__[0], "lexicons").glob("*.json"))
LANGUAGES = ("cs", "de", "en", "es", "fr", "it", "pl", "pt", "sk")
CART = (
    "Dear {{1}}, You have items in your shopping cart and have not finished your purchase. If you want us to take you"
    " to your shopping cart, type CART as a response to this message."
)
FAVORITE = (
    "We’re down to the last 3 pieces of an item you have saved in your favorites! Get in there before it’s gone."
    " To show this item, reply: SHOW ME"
)


@pytest.mark.parametrize("rules", RuleSet)
@pytest.mark.parametrize("name", FLOORS)
def test_it_is_right_often_enough(name: str, rules: RuleSet) -> None:
    assert measure(read_labelled(name), rules).accuracy >= FLOORS[name]


@pytest.mark.parametrize("rules", RuleSet)
@pytest.mark.parametrize("name", FLOORS)
def test_it_needs_no_language(name: str, rules: RuleSet) -> None:
    assert measure(read_labelled(name), rules, named=False).accuracy >= FLOORS[name] - 0.02


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_texts_in_both_sets(language: str) -> None:
    tuned = [text for text in read_labelled("tuning.jsonl") if text.language == language]
    held_out = [text for text in read_labelled("held_out.jsonl") if text.language == language]
    assert len(tuned) >= 45
    assert len(held_out) >= 20
    assert {text.text for text in tuned}.isdisjoint(text.text for text in held_out)


@pytest.mark.parametrize("text", [CART, FAVORITE])
def test_the_seed_pages_examples_are_notices_then_and_marketing_now(text: str) -> None:
    then, now = (classify(text, "en", rules) for rules in RuleSet)
    assert (then.label, then.category) == (Label.UTILITY, "ALERT_UPDATE")
    assert (now.label, now.category) == (Label.PROMOTIONAL, None)


def test_it_names_the_words_and_the_sentence() -> None:
    found = classify("Your order {{1}} has shipped. Get 20 % off the next one!", "en", RuleSet.CURRENT)
    assert found.sentence == "Get 20 % off the next one!"
    assert "“20 % off” (a lower price)" in found.why
    assert found.sentence in found.why


@pytest.mark.parametrize(
    "text",
    [
        "5 0 % o f f on shoes",
        "S-A-L-E on shoes",
        "v.o.u.c.h.e.r inside",
        "fr€e delivery on shoes",
        "s4le on shoes",
        "d1scount on shoes",
        "SAAALE on shoes",
        "v\u200bou\u200bcher inside",
        "*vou*cher inside",
        "ｖｏｕｃｈｅｒ inside",
        "vоuсher inside",  # Cyrillic o and c
        "vou\u00adcher inside",
    ],
)
def test_a_disguise_does_not_help(text: str) -> None:
    found = classify(f"Your order {{{{1}}}} has shipped. {text}", "en", RuleSet.TRANSACTIONAL)
    assert "has no place in a notice" in found.why


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Enter 8841 to finish signing in.", Label.AUTHENTICATION),
        ("Enter 40 22 91 to finish signing in.", Label.AUTHENTICATION),
        ("Reply 1 to confirm your appointment on {{1}}.", Label.UTILITY),
        ("Enter 1 to hear about our shoes.", Label.PROMOTIONAL),
    ],
)
def test_a_number_to_enter_is_a_code_and_an_answer_is_none(text: str, label: Label) -> None:
    assert classify(text, "en", RuleSet.CURRENT).label is label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Kurýr dnes předal balík {{1}}. Jak jste byli spokojeni?", Label.UTILITY),
        ("Kurýr dnes předal balík {{1}}. Co si myslíte o naší značce?", Label.PROMOTIONAL),
        ("Jak jste byli spokojeni?", Label.PROMOTIONAL),
    ],
)
def test_a_question_about_what_was_delivered_is_a_courtesy(text: str, label: Label) -> None:
    assert classify(text, "cs", RuleSet.CURRENT).label is label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Knihy prosím vráťte do piatka.", Label.UTILITY),
        ("Svetre len do piatka.", Label.PROMOTIONAL),
    ],
)
def test_by_friday_is_a_deadline_beside_what_is_the_customers_own(text: str, label: Label) -> None:
    assert classify(text, "sk", RuleSet.CURRENT).label is label


@pytest.mark.parametrize("language", ["de_AT", "de-CH", "DE", "de"])
def test_a_region_does_not_matter(language: str) -> None:
    assert classify("Ihre Sendung {{1}} ist unterwegs", language, RuleSet.CURRENT).label is Label.UTILITY


@pytest.mark.parametrize("language", [None, "", "tlh", "xx_YY"])
def test_an_unknown_language_is_read_as_what_it_looks_like(language: str | None) -> None:
    assert classify("Zľava 20 % na celý nákup", language, RuleSet.CURRENT).label is Label.PROMOTIONAL
    assert classify("Vaša zásielka {{1}} je na ceste", language, RuleSet.CURRENT).label is Label.UTILITY


@pytest.mark.parametrize("text", ["", " ", "{{1}}", "🎉", "\u200b", "Hello"])
def test_what_says_nothing_counts_as_promotional(text: str) -> None:
    found = classify(text, None, RuleSet.CURRENT)
    assert (found.label, found.category) == (Label.PROMOTIONAL, None)
    assert "unclear counts as promotional" in found.why


@pytest.mark.parametrize(
    ("text", "language", "what"),
    [
        ("طلبك {{1}} في الطريق إليك وسيصل قريبا.", "ar", "in Arabic letters"),
        ("आपका ऑर्डर {{1}} भेज दिया गया है।", "hi", "in Devanagari letters"),
        ("ההזמנה שלך {{1}} בדרך אליך.", "he", "in Hebrew letters"),
        ("Ваш заказ {{1}} уже в пути.", None, "in Cyrillic letters"),
        ("您的订单已发货", "zh_CN", "in Chinese letters"),
        ("طلبك من Example Shop في الطريق إليك وسيصل قريبا.", "en", "in Arabic letters"),
        ("Uw bestelling {{1}} is onderweg naar u.", "nl", "in the language nl"),
    ],
)
@pytest.mark.parametrize("rules", RuleSet)
def test_what_no_lexicon_reads_counts_as_promotional_and_says_why(
    text: str, language: str | None, what: str, rules: RuleSet
) -> None:
    found = classify(text, language, rules)
    assert (found.label, found.category, found.readable) == (Label.PROMOTIONAL, None, False)
    assert f"cannot judge it: it is {what}" in found.why
    assert "until a person says otherwise" in found.why
    assert "Nothing in it" not in found.why


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("{{1}}", "ar"),
        ("Hello", "en"),
        ("Have a nice day with the best of your friends", "nl"),  # English, whatever it is said to be
    ],
)
def test_what_can_be_read_is_unclear_as_before(text: str, language: str) -> None:
    found = classify(text, language, RuleSet.CURRENT)
    assert found.readable
    assert "cannot judge" not in found.why


@pytest.mark.parametrize("text", ["Онлайн: -20 % на всё", "ЅАLЕ: Black Friday пришла к нам"])
def test_an_offer_that_every_language_understands_is_found_in_any(text: str) -> None:
    found = classify(text, "ru", RuleSet.TRANSACTIONAL)
    assert (found.label, found.readable) == (Label.PROMOTIONAL, True)
    assert "has no place in a notice" in found.why


@given(st.text(max_size=300), st.sampled_from([None, *LANGUAGES]), st.sampled_from(RuleSet))
def test_every_text_has_a_label_with_a_reason(text: str, language: str | None, rules: RuleSet) -> None:
    found = classify(text, language, rules)
    assert found.why
    assert found.category is None or found.label is Label.UTILITY


def test_a_long_text_takes_no_longer_than_it_must() -> None:
    chance = random.Random(1)  # noqa: S311  no secret
    words = [word for text in read_labelled("tuning.jsonl") for word in text.text.split()]
    text = " ".join(chance.choices(words, k=200_000))
    assert classify(text, None, RuleSet.CURRENT).label is Label.PROMOTIONAL


@pytest.mark.parametrize("path", LEXICONS, ids=lambda path: path.name)
def test_a_lexicon_has_lists_that_are_described_and_each_term_once(path: Path) -> None:
    lists = json.loads(path.read_text("utf-8"))
    assert set(lists) - {"words"} <= set(term_lists())
    assert {name: [term for term in terms if terms.count(term) > 1] for name, terms in lists.items()} == {
        name: [] for name in lists
    }


def test_the_lists_speak_for_all_ten_categories() -> None:
    assert tuple(lexicons()) == LANGUAGES
    assert {one.category for one in term_lists().values()} - {None} == TRANSACTIONAL


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("sale", "The Sale!", True),
        ("sale", "for sales", False),
        ("discount*", "discounted", True),
        ("*konto", "Girokonto", True),
        ("*konto", "Kontostand", False),
        ("*rabatt*", "Treuerabatte", True),
        ("buy|shop now", "shop NOW", True),
        ("zľav*", "zlava", True),
        ("on .. us", "on one of these us", True),
        ("on .. us", "on one two of these us", False),
        ("in the? box", "in box", True),
        ("^order", "Hi, order", True),
        ("^order", "your order", False),
        ("rendez-vous|rdv pris", "rendez-vous pris", True),
        ("rendez-vous|rdv pris", "RDV pris", True),
        ("<pct> off", "20 % off", True),
        ("<pct> off", "{{1}}% off", True),
        ("<-pct>", "now -20 %", True),
        ("<-pct>", "10-20 %", False),
        ("from <money>", "from 20 €", True),
        ("from <money>", "from €{{1}}", True),
        ("order <var>", "order {{number}}", True),
        ("order <num>", "order 12345", True),
    ],
)
def test_a_term_finds_what_it_says(term: str, text: str, found: bool) -> None:
    hits = Index({"list": [term]}).hits(read_sentences(text)[0].words, 0)
    assert any(hits) == found


def test_a_term_must_begin_with_a_word_that_is_there() -> None:
    with pytest.raises(ValueError, match="first word"):
        Index({"list": ["the? sale"]})
