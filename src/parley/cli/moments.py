"""How a command tells a moment: always with its zone, so that nobody takes it for the clock on the wall."""

from datetime import UTC, datetime


def utc(at: datetime) -> str:
    """`2026-11-23 12:00:00 UTC`"""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
