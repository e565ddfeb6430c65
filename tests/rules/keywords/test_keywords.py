"""What a customer can say in one word, however it is typed; and what a file of a project's own may say."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidInputError
from parley.keywords import AutoResponse, KeywordBook, parse_auto_response, said_twice, shipped
from parley.keywords.plain import plain_form

LANGUAGES = ["ar", "cs", "de", "en", "es", "fr", "hi", "hu", "id", "it", "nl", "pl", "pt", "sk", "tr"]
BOOK = KeywordBook()
OWN: dict[str, Any] = {
    "kind": "auto_response",
    "name": "offers",
    "action": "grant",
    "categories": ["offers"],
    "keywords": {"en": ["OFFERS"]},
    "reply": {"en": "Welcome."},
}


def heard(*texts: str, book: KeywordBook = BOOK, sender: str = "shop") -> str | None:
    found = book.hear(texts, sender)
    return found.response.name if found else None


def own(**changes: Any) -> AutoResponse:
    return parse_auto_response(msgspec.json.encode(OWN | changes), shipped())


@pytest.mark.parametrize("name", ["stop", "start", "help", "confirm_consent"])
def test_it_is_known_and_answered_in_fifteen_languages(name: str) -> None:
    assert sorted(shipped()[name].keywords) == LANGUAGES
    assert sorted(shipped()[name].reply) == LANGUAGES


WORDS = [
    (name, language, word)
    for name, response in shipped().items()
    for language, words in response.keywords.items()
    for word in words
]


@pytest.mark.parametrize(("name", "language", "word"), WORDS)
def test_every_word_is_heard_in_every_dress(name: str, language: str, word: str) -> None:
    dressed = (
        word, word.lower(), word.title(), f"  {word} ", f"{word}!", f"„{word}“.", f"\u200f{word}\u200e",
        f"🛑 {word} 🛑️",
        "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in word),
    )  # fmt: skip
    assert [heard(one) for one in dressed] == [name] * len(dressed)
    found = BOOK.hear([word], "shop")
    assert found is not None
    assert language in found.languages


def test_no_word_means_two_things() -> None:
    plain = [(name, plain_form(word)) for name, _, word in WORDS]
    assert len({word for _, word in plain}) == len(set(plain))


@pytest.mark.parametrize(
    "text",
    ["non-stop", "the bus stop", "stop by tomorrow at nine", "Don't stop", "stopwatch", "", "🛑", "?",
     "start over again",
     "Can you help me?", "stop\nI have a question about my order", "STOP" * 40, "cancel my order"],
)  # fmt: skip
def test_a_word_within_a_sentence_says_nothing(text: str) -> None:
    assert heard(text) is None


@pytest.mark.parametrize("text", ["STOP STOP", "stop, stop! Stop!!", "Stop stop stop stop stop", "STOP\nSTOP"])
def test_whoever_insists_is_heard(text: str) -> None:
    assert heard(text) == "stop"


@pytest.mark.parametrize("text", ["stop or no stop", "stop the stop", "stopstop"])
def test_a_word_said_twice_apart_is_no_insisting(text: str) -> None:
    assert heard(text) is None


@pytest.mark.parametrize("text", ["arret", "ARRÊT", "Arrêt"])
def test_accents_may_be_left_out(text: str) -> None:
    assert heard(text) == "stop"


@pytest.mark.parametrize("text", ["إيقاف", "ايقاف", "إِيقَاف", "إيقـــاف"])
def test_arabic_is_heard_with_and_without_its_marks(text: str) -> None:
    assert heard(text) == "stop"


def test_a_button_says_it_as_well() -> None:
    assert heard("STOP", "No more, thanks", "No more, thanks") == "stop"


def test_the_language_is_told_by_a_word_of_one_language_only() -> None:
    found = [BOOK.hear([word], "shop") for word in ("ARRÊT", "STOP", "مساعدة")]
    assert [one.language if one else "" for one in found] == ["fr", None, "ar"]


def test_a_word_that_may_mean_something_else_is_weak() -> None:
    found = {word: BOOK.hear([word], "shop") for word in ("STOP", "CANCEL", "START", "HELP")}
    assert {word: one.is_weak for word, one in found.items() if one} == {
        "STOP": False, "CANCEL": True, "START": True, "HELP": False,
    }  # fmt: skip


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert plain_form(plain_form(text)) == plain_form(text)
    BOOK.hear([text], "shop")


def test_a_projects_own_come_first_and_beside_the_shipped() -> None:
    book = KeywordBook([own(), own(name="stop", action="revoke", keywords={"en": ["ENOUGH"]})])
    assert heard("offers", book=book) == "offers"
    assert heard("enough", book=book) == "stop"
    assert heard("unsubscribe", book=book) is None
    assert heard("help", book=book) == "help"


def test_what_a_file_of_a_shipped_name_leaves_out_stays() -> None:
    file = {"kind": "auto_response", "name": "stop", "reply": {"en": "Done."}}
    stop = parse_auto_response(msgspec.json.encode(file), shipped())
    assert stop.keywords == shipped()["stop"].keywords
    assert stop.reply == {"en": "Done."}


def test_it_listens_where_it_is_told_to() -> None:
    book = KeywordBook([own(senders=["other"])])
    assert heard("offers", book=book) is None
    assert heard("offers", book=book, sender="other") == "offers"


@pytest.mark.parametrize(
    ("languages", "expected"),
    [(("sk", None), "sk"), (("sk_SK", None), "sk"), ((None, "de"), "de"), (("xx", None), "en"), ((None, None), "en")],
)
def test_the_answer_is_in_the_customers_language(languages: tuple[str | None, ...], expected: str) -> None:
    assert shipped()["stop"].reply_in(*languages) == shipped()["stop"].reply[expected]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"keywords": {}}, "keywords"),
        ({"keywords": {"english": ["OFFERS"]}}, "keywords.english"),
        ({"keywords": {"en": ["one two three four"]}}, "keywords.en"),
        ({"keywords": {"en": ["🛑"]}}, "keywords.en"),
        ({"weak": ["OTHER"]}, "weak"),
        ({"reply": {"en": " "}}, "reply.en"),
        ({"action": "forget"}, "action"),
        ({"keyword": []}, "keyword"),
        ({"name": "stop", "action": "none"}, "action"),
        ({"name": "stop", "action": "revoke", "active": False}, "active"),
        ({"name": "stop", "action": "revoke", "senders": ["shop"]}, "senders"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        own(**changes)
    assert field in [problem.field for problem in caught.value.problems]


def test_two_of_a_projects_own_may_not_claim_one_word() -> None:
    assert [names for names, _ in said_twice([own(), own(name="news")])] == [("news", "offers")]
    assert list(said_twice([own(senders=["a"]), own(name="news", senders=["b"])])) == []
