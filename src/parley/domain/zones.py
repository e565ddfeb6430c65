"""Time zones by their IANA names, and where a phone number may be."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NUMBERS_KEPT = 20_000
"""Looked up in memory: who is written to is written to again."""
_NOWHERE = "Etc/Unknown"


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> ZoneInfo | None:
    """None when there is no such zone: `Europe/Bratislava` is one, `CET+1`, `Slovakia` and `../etc/passwd` are not."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, as `Europe`, is an OSError
        return None


@lru_cache(maxsize=NUMBERS_KEPT)
def zones_of_number(digits: str) -> tuple[str, ...]:
    """Names of the zones in which a number (digits of E.164) may be used, by libphonenumber's data. Empty: unknown."""
    import phonenumbers  # noqa: PLC0415  its tables cost 100 ms and several MB: only who keeps quiet hours pays
    from phonenumbers.timezone import time_zones_for_number  # noqa: PLC0415  see above

    try:
        found = time_zones_for_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(name for name in found if name != _NOWHERE)
