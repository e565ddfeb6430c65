"""The promotional check: is a text an offer or a notice, in nine languages, with the words that say so."""

from parley.templates.promotion.verdict import Label, Verdict, classify

__all__ = ["Label", "Verdict", "classify"]
