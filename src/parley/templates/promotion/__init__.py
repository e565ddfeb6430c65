"""The promotional check: is a text an offer or a notice, in nine languages, with the words that say so."""

from parley.templates.promotion.labels import Classified, Label, classify, why_promotes

__all__ = ["Classified", "Label", "classify", "why_promotes"]
