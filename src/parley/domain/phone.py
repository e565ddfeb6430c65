"""Phone numbers: what people write becomes E.164, or a reason why it cannot be used.

The rules are Google's libphonenumber plus those of WhatsApp's own ids (a `wa_id` may differ from E.164 in Brazil,
Mexico and Argentina). A stored number is never rewritten into its equivalent: a *match key* stands next to it.
"""

import re
import unicodedata
from functools import lru_cache

import msgspec

WHATSAPP_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""A business-scoped user id (Meta, 2026): a person without a known number. Keeping only its digits destroys it."""
LONGEST_TEXT = 64
_SEPARATORS = frozenset(" -./()[]\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_CALLED_BY_011 = frozenset({"US", "CA", "PR", "DO", "JM", "TT", "BS", "BB"})
_TRUNK_ZERO = re.compile(r"\(0+\)")


class PhoneNumber(msgspec.Struct, frozen=True):
    """A number that can be called and written to."""

    e164: str
    """`+421901234567`"""
    match_key: str
    """Equal for every way in which WhatsApp may name this number; digits only."""
    original: str

    @property
    def digits(self) -> str:
        """Without the plus, as Sinch and WhatsApp write it."""
        return self.e164.removeprefix("+")


class UnusablePhone(msgspec.Struct, frozen=True):
    """Nothing will be sent to it. `reason` is a sentence for the user."""

    original: str
    reason: str


def read_phone(value: object, default_region: str | None = None) -> PhoneNumber | UnusablePhone:
    """Reads `+421 901 234 567`, `00421...`, brackets, dashes, "(0)", the digits of any script, or a whole number.

    `default_region` (two letters, `SK`) gives national numbers their country; without it they are refused, because a
    wrong guess writes to a stranger.
    """
    original = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int) or (isinstance(value, int) and value < 0):
        return UnusablePhone(original[:LONGEST_TEXT], "A phone number must be a text.")
    written = _plain(original).lstrip("([ ") if isinstance(value, str) else f"+{original}"
    problem = _problem_of_writing(original, written)
    if problem:
        return UnusablePhone(original, problem)
    return _parse(original, _dialled(written, default_region), default_region)


def as_dialled(address: str) -> str:
    """As people write the digits of a number, and as every command takes them. What is no number stays as it is."""
    return f"+{address}" if address.isdecimal() else address


def match_key(digits: str) -> str:
    """What two names of the same WhatsApp number have in common. Takes digits without a plus.

    Brazil: country, area and the last eight digits (the ninth came 2012-2016). Mexico: without the 1 after the country
    (until August 2019). Argentina: without the 9 of mobiles.
    """
    for pattern, replacement in _EQUIVALENCES:
        if pattern.fullmatch(digits):
            return pattern.sub(replacement, digits)
    return digits


_EQUIVALENCES = (
    (re.compile(r"55(\d\d)9(\d{8})"), r"55\1\2"),
    (re.compile(r"521(\d{10})"), r"52\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),
)


def match_key_of_wa_id(text: str) -> str | None:
    """The match key of a provider's name of a WhatsApp user; None when that name is not a number."""
    if WHATSAPP_USER_ID.fullmatch(text.strip()):
        return None
    written = _plain(text)
    digits = written if written.isdecimal() else "".join(letter for letter in written if letter.isdecimal())
    return match_key(digits) if 7 <= len(digits) <= 15 else None


def _plain(text: str) -> str:
    """One plus, ASCII digits, no invisible letters: numbers are pasted from chats, sheets and phones."""
    if text.isascii():
        return text.translate(_ASCII_SPACES).strip()
    unmarked = (letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return "".join(_plain_letter(letter) for letter in unmarked).strip()


_ASCII_SPACES = {number: " " for number in range(128) if chr(number).isspace()}
"""ASCII has no other way of writing a digit, and no invisible letter."""


def _plain_letter(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    return " " if letter.isspace() else letter


def _problem_of_writing(original: str, written: str) -> str | None:
    if not written:
        return "The phone number is empty."
    if len(original) > LONGEST_TEXT:
        return "The text is too long for a phone number."
    if WHATSAPP_USER_ID.fullmatch(written):
        return "This is a WhatsApp user id, not a phone number."
    if any(letter.isalpha() for letter in written):
        return "A phone number must not contain letters."
    body = written.removeprefix("+")
    if any(letter not in _SEPARATORS and not letter.isdecimal() for letter in body):
        return "A phone number consists of digits, after a plus; write one number only."
    return None


def _dialled(written: str, region: str | None) -> str:
    international = written.startswith(("+", "00"))
    kept = _TRUNK_ZERO.sub("", written) if international else written
    digits = "".join(letter for letter in kept if letter.isdecimal())
    if written.startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if region in _CALLED_BY_011 and digits.startswith("011"):
        return f"+{digits[3:]}"
    return digits


def _parse(original: str, dialled: str, region: str | None) -> PhoneNumber | UnusablePhone:
    import phonenumbers  # noqa: PLC0415  its tables cost 30 ms and several MB: only who reads phones pays

    if not dialled.startswith("+") and region is None:
        return UnusablePhone(original, "The country is missing: write it as +421901234567 or 00421901234567.")
    try:
        number = phonenumbers.parse(dialled, region)
    except phonenumbers.NumberParseException:
        return UnusablePhone(original, "This is no number of any country: check the country code.")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    reason = _unusable(e164)
    if reason:
        return UnusablePhone(original, reason)
    return PhoneNumber(e164, match_key(e164.removeprefix("+")), original)


def _unusable(e164: str) -> str | None:
    import phonenumbers  # noqa: PLC0415  see above

    number = phonenumbers.parse(_of_today(e164))
    if not phonenumbers.is_valid_number(number):
        length = phonenumbers.is_possible_number_with_reason(number)
        return _WRONG_LENGTH.get(length, "This number is not in use in its country.")
    if phonenumbers.number_type(number) in _NEVER_WHATSAPP:
        return "Premium-rate, shared-cost and service numbers cannot receive WhatsApp messages."
    return None


_WRONG_LENGTH = {
    2: "The number is too short.",  # phonenumbers.ValidationResult.TOO_SHORT
    3: "The number is too long.",  # TOO_LONG
    5: "The number is too long or too short for its country.",  # INVALID_LENGTH
    4: "The number has no area code.",  # IS_POSSIBLE_LOCAL_ONLY
}
_NEVER_WHATSAPP = frozenset({4, 5, 8, 9, 10, 28})
"""phonenumbers.PhoneNumberType: premium rate, shared cost, pager, UAN, voicemail and short numbers. Landlines may."""


def _of_today(e164: str) -> str:
    """How libphonenumber writes this number today: WhatsApp still names people by forms that the countries gave up."""
    for pattern, replacement in _OLD_FORMS:
        if pattern.fullmatch(e164):
            return pattern.sub(replacement, e164)
    return e164


_OLD_FORMS = (
    (re.compile(r"\+55(\d\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
)


@lru_cache(maxsize=300)
def example_of(country: str) -> str:
    """Digits of some number of that country (two letters), by libphonenumber's data; empty when there is none."""
    import phonenumbers  # noqa: PLC0415  see above

    number = phonenumbers.example_number(country)
    return f"{number.country_code}{number.national_number}" if number else ""


def is_country(country: str) -> bool:
    """Two capital letters that have a calling code."""
    return bool(_COUNTRY.fullmatch(country) and example_of(country))


_COUNTRY = re.compile("[A-Z]{2}")
