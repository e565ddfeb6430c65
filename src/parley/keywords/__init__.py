"""What a customer can say in one word: STOP, START, HELP in fifteen languages, and a project's own keywords.

An *auto-response* is a list of keywords, what they do to the consent, and what is answered. Four are shipped; a
project's file of the same name changes one, others come beside them (docs/reference/auto-responses.md).
"""

from parley.keywords.auto_response import AutoResponse, ConsentAction, parse_auto_response
from parley.keywords.book import Heard, KeywordBook, said_twice
from parley.keywords.catalogue import shipped
from parley.keywords.plain import LONGEST

__all__ = [
    "LONGEST",
    "AutoResponse",
    "ConsentAction",
    "Heard",
    "KeywordBook",
    "parse_auto_response",
    "said_twice",
    "shipped",
]
