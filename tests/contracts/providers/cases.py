"""Callback cases as data: tests/cases/callbacks/*.json, each with a description, a body and the items expected of it.

`python -m tests.contracts.providers.cases` writes what the code says now into the files; the diff is the review.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from parley.domain.callback import CallbackItem
from parley.providers.callbacks import read

FOLDER = Path(__file__).parents[2] / "cases" / "callbacks"

Case = dict[str, Any]


def load() -> list[Case]:
    """Every case of every file, with the file's name as `file`."""
    return [{"file": path.stem, **case} for path in sorted(FOLDER.glob("*.json")) for case in _read(path)]


def name(case: Case) -> str:
    """For the test's report."""
    return f"{case['file']}: {case['description']}"


def body_of(case: Case) -> bytes:
    """`body` is any JSON; `bytes` is text with one character for each byte."""
    if "bytes" in case:
        return str(case["bytes"]).encode("latin-1")
    return json.dumps(case["body"], ensure_ascii=False).encode()


def plain(item: CallbackItem) -> dict[str, Any]:
    """An item as JSON: its type's name and what is not the default; `raw` only where nothing else is said."""
    told = {"item": type(item).__name__, **_not_default(item)}
    fields = {key: value for key, value in told.get("fields", {}).items() if key != "raw"}
    shown = told | {"fields": fields} if "fields" in told else told
    plain_item: dict[str, Any] = json.loads(msgspec.json.encode(shown, enc_hook=str))
    return plain_item


def update() -> None:
    """Writes the present items into the files."""
    for path in sorted(FOLDER.glob("*.json")):
        cases = [{**case, "expected": [plain(item) for item in read(body_of(case))]} for case in _read(path)]
        path.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _read(path: Path) -> list[Case]:
    cases: list[Case] = json.loads(path.read_text(encoding="utf-8"))
    return cases


def _not_default(item: CallbackItem) -> dict[str, Any]:
    told = {field.name: getattr(item, field.name) for field in msgspec.structs.fields(item)}
    if isinstance(told.get("raw"), bytes):
        told["raw"] = told["raw"].decode("latin-1")
    defaults = {field.name: field.default for field in msgspec.structs.fields(item)}
    return {key: value for key, value in told.items() if value not in (defaults[key], {})}


if __name__ == "__main__":
    update()
