"""What a message costs: rate cards by date, markets, regimes, volume tiers, mark-up, and the ledger's arithmetic."""

from parley.costs.budget import Budget, Over, Spent, Warned, Within, judge
from parley.costs.card import RateCard, card_in_force, parse_card
from parley.costs.catalogue import shipped_cards
from parley.costs.cheapest import is_no_dearer, saving
from parley.costs.difference import Difference, difference
from parley.costs.ledger import Entry, EntryKind, Standing, cancel, correct, fail, reserve, settle, standing, with_entry
from parley.costs.market import market_of
from parley.costs.markup import Markup, failed_fee, with_markup
from parley.costs.price import Category, Charge, Delivered, Free, Price, Unpriced, price
from parley.costs.quote import SERVICE, PriceList, Quote, after
from parley.costs.regime import Regime, regime_on
from parley.costs.tier import charge_for, rate_after

__all__ = [
    "SERVICE",
    "Budget",
    "Category",
    "Charge",
    "Delivered",
    "Difference",
    "Entry",
    "EntryKind",
    "Free",
    "Markup",
    "Over",
    "Price",
    "PriceList",
    "Quote",
    "RateCard",
    "Regime",
    "Spent",
    "Standing",
    "Unpriced",
    "Warned",
    "Within",
    "after",
    "cancel",
    "card_in_force",
    "charge_for",
    "correct",
    "difference",
    "fail",
    "failed_fee",
    "is_no_dearer",
    "judge",
    "market_of",
    "parse_card",
    "price",
    "rate_after",
    "regime_on",
    "reserve",
    "saving",
    "settle",
    "shipped_cards",
    "standing",
    "with_entry",
    "with_markup",
]
