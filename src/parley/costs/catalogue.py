"""The rate cards that come with Parley: data in `cards/`, US dollars only. Other currencies are loaded by the user."""

from functools import cache
from importlib.resources import files

from parley.costs.card import RateCard, parse_card


@cache
def shipped_cards() -> tuple[RateCard, ...]:
    """The oldest first. Read once."""
    folder = files("parley.costs").joinpath("cards")
    cards = [parse_card(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".json")]
    return tuple(sorted(cards, key=lambda card: card.valid_from))
