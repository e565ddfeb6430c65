"""Lists in pages, and answers cut down to the fields asked for (sinch.md 3.2)."""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from parley_simulator.exchange import Answer, Call
from parley_simulator.provisioning.errors import refuse

USUAL_SIZE = 50
Row = tuple[str, dict[str, Any]]


def page(call: Call, noun: str, rows: list[Row], ceiling: int) -> dict[str, Any] | Answer:
    """Rows in the order of their keys. A token is the key that its page begins with, opaque to the caller.

    `totalSize` counts all rows. The tokens of the next and of the previous page are there only if the pages are.
    """
    size = call.query.get("pageSize", str(min(USUAL_SIZE, ceiling)))
    if not size.isdecimal() or not 0 < int(size) <= ceiling:
        return refuse("invalid_page_size", f"pageSize must be a whole number between 1 and {ceiling}.")
    keys = [key for key, _ in rows]
    try:
        start = bisect_left(keys, _read(call.query["pageToken"])) if call.query.get("pageToken") else 0
    except (binascii.Error, ValueError):
        return refuse("invalid_page_token")
    end = start + int(size)
    told: dict[str, Any] = {"totalSize": len(rows), "pageSize": int(size), noun: [row for _, row in rows[start:end]]}
    if end < len(rows):
        told["nextPageToken"] = _written(keys[end])
    if start:
        told["previousPageToken"] = _written(keys[max(0, start - int(size))])
    return told


def asked(call: Call, name: str) -> list[str]:
    """The values of a parameter that takes several."""
    return [word for word in call.query.get(name, "").split(",") if word]


def masked(shown: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Only the fields of a mask, `changes` or `changes.status`; all if it is empty."""
    wanted = [path.split(".") for path in paths]
    if not wanted:
        return shown
    whole = {name for name, *inner in wanted if not inner}
    cut = {name: value for name, value in shown.items() if name in whole}
    for name, *inner in wanted:
        if inner and name not in whole and name in shown:
            cut.setdefault(name, {}).update({key: shown[name][key] for key in inner if key in shown[name]})
    return cut


def _written(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _read(token: str) -> str:
    """Raises `ValueError`; `binascii.Error` is one."""
    return base64.b64decode(token, altchars=b"-_", validate=True).decode()
