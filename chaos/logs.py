"""What the processes logged while they were killed: counted, so that a strange line shows."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

SHOWN = 15
LONGEST = 140


def summary(folder: Path) -> Iterator[str]:
    """The most frequent lines of each log, by what they say."""
    for path in sorted(folder.glob("*.log")):
        counts = Counter(_said(line) for line in path.read_text("utf-8", errors="replace").splitlines() if line.strip())
        yield f"{path.name:<15} {counts.total()} lines"
        for said, count in counts.most_common(SHOWN):
            yield f"  {count:>6}  {said[:LONGEST]}"


def _said(line: str) -> str:
    """The event and what broke, without the details; a line that is no JSON as it is."""
    try:
        told = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return line
    if not isinstance(told, dict):
        return line
    last = str(told.get("exception", "")).strip().splitlines()[-1:]
    return " ".join([str(told.get("level", "")), str(told.get("loop", "")), str(told.get("event", "")), *last])
