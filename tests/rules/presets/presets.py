"""A preset with good defaults, and the cases on disk."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parley.presets import Context, Preset, parse_preset

FOLDER = Path(__file__).parents[2] / "cases" / "presets"

Case = dict[str, Any]


def cases(name: str) -> list[Any]:
    """A pytest parameter for every case of a file."""
    found = json.loads((FOLDER / name).read_text("utf-8"))
    return [pytest.param(case, id=case.get("description") or case["url"]) for case in found]


def preset_json(**changes: Any) -> bytes:
    """A preset as a user would write it, with changes."""
    plain: dict[str, Any] = {
        "kind": "preset",
        "name": "shop-hook",
        "title": "Shop's hook",
        "purpose": "webhook",
        "method": "POST",
        "url": "https://a.example/hook",
        "format": "json",
        "body": '{"name": "{{ customer.name }}"}',
    }
    return msgspec.json.encode(plain | changes)


def preset(**changes: Any) -> Preset:
    """The same, parsed."""
    return parse_preset(preset_json(**changes))


def context(**fields: Any) -> Context:
    """Alice, who has opted in."""
    good: dict[str, Any] = {"customer": {"name": "Alice"}, "recipient": "421901111222", "message_id": "0190-0001"}
    return Context(**(good | fields))
