"""How numbers and truths are typed into a form."""

import re

NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?")
"""As JSON writes them, without exponents."""

BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
"""In lower case."""
