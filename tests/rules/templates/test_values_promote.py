"""A variable's value may bring in what its template does not say; a name of something sold does not."""

import pytest

from parley.templates.promotion import why_promotes


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("20% off everything", "en"),
        ("Sale ends tonight, buy now", "en"),
        ("a voucher of 10 EUR for your next order", "en"),
        ("Zľava 20 % na všetko", "sk"),
        ("20 % Rabatt auf alles", "de"),
        ("Check it out: new arrivals!", "en"),
    ],
)
def test_what_persuades_is_told(value: str, language: str) -> None:
    assert "It says" in (why_promotes(value, language) or "")


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("Jana Nováková", "sk"),
        ("Gift card 50 EUR", "en"),
        ("Geschenkgutschein 25 Euro", "de"),
        ("Free People summer dress", "en"),
        ("Nike Air Max 90, size 42", "en"),
        ("Monday, 24 November at 10:30", "en"),
        ("1 240,50 €", "sk"),
        ("https://shop.example/track/100245", "en"),
        ("🎁 for you", "en"),
        ("שלום עולם", "he"),
    ],
)
def test_names_things_dates_and_sums_are_not(value: str, language: str) -> None:
    assert why_promotes(value, language) is None
