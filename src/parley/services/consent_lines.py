"""One line of a file of consents: whose, what was said, how it is known; or everything that is wrong with it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from parley.domain.consent import UNLIMITED, Action, ConsentCategory, ConsentEntry
from parley.domain.consent_evidence import PROOF, Evidence
from parley.domain.customer import Address
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.project import Project
from parley.services.say_consent import Said, problems_of
from parley.services.whom import sought

SOURCE = "import"
OF_CONSENT = ("category", "action", "valid_from", "valid_until")
_GIVEN = tuple(name for name in PROOF if name != "entered_by")
OF_EVIDENCE = ("shown_text", "text_version", *_GIVEN)
BEYOND = ""
"""The column of cells beyond the heading."""
LEFT_OUT = ("id", "source", "problem", "event_id", "confirm_until", "address", "entered_by", "recorded_at")
"""Columns of an export that an import makes anew."""


class Line(msgspec.Struct, frozen=True):
    """A line that can be imported once its customer is found."""

    number: int
    """In the file; the heading is line 1."""
    whom: Address | UUID
    phone: str | None
    """As the line writes it, for a customer who is made from it."""
    whom_said: Problem
    """What to say when nobody is found: the column, and the sentence."""
    entry: ConsentEntry
    evidence: Evidence
    sameness: str
    """Equal for a line that was imported before."""


class Columns(msgspec.Struct, frozen=True):
    """How the file says whose consent it is: the first of these that a line fills in."""

    whose: tuple[str, ...]


def read_heading(heading: Sequence[str], project: Project) -> Columns:
    """Raises InvalidInputError with every column that nobody knows, is there twice, or is missing."""
    known_whose = ("customer_id", *project.settings.hard_ids, *project.settings.soft_ids, "phone")
    known = (*known_whose, *OF_CONSENT, *OF_EVIDENCE, *LEFT_OUT)
    problems = [
        Problem(name or "(empty)", f"is no column of a file of consents. Known are: {', '.join(known)}.")
        for name in heading
        if name not in known
    ]
    problems += [Problem(name, "stands twice in the heading.") for name in {*heading} if heading.count(name) > 1]
    problems += [Problem(name, "is missing.") for name in ("category", "action", "valid_from") if name not in heading]
    whose = tuple(name for name in known_whose if name in heading)
    if not whose:
        problems.append(Problem("customer", f"No column says whose consent it is: {', '.join(known_whose)}."))
    if problems:
        raise InvalidInputError(problems)
    return Columns(whose)


class LineReader:
    """Reads the lines of one file."""

    def __init__(
        self, project: Project, columns: Columns, known: dict[str, ConsentCategory], by: str, now: datetime
    ) -> None:
        self._project = project
        self._columns = columns
        self._known = known
        self._by = by
        self._now = now

    def read(self, number: int, cells: Mapping[str, str]) -> Line | list[Problem]:
        """`cells` by their columns, without spaces around them."""
        problems: list[Problem] = []
        if cells.get(BEYOND):
            problems.append(Problem(BEYOND, "The line has more cells than the heading: quote texts with delimiters."))
        whose, whom = self._whom(cells, problems)
        starts = _moment(cells, "valid_from", problems)
        ends = _moment(cells, "valid_until", problems) if cells.get("valid_until") != UNLIMITED else None
        action = cells.get("action", "")
        if action not in (Action.ACCEPT.value, Action.REJECT.value):
            problems.append(Problem("action", "must be accept or reject, in lower case."))
        elif starts is None and action == Action.ACCEPT.value and not cells.get("valid_from"):
            problems.append(Problem("valid_from", "is empty: say when the customer agreed."))
        if problems or whom is None:
            return problems
        evidence = Evidence(**{name: cells[name] for name in OF_EVIDENCE if cells.get(name)}, entered_by=self._by)
        said = Said(
            customer="", action="accept" if action == Action.ACCEPT.value else "reject", category=cells["category"],
            valid_from=starts, valid_until=ends, evidence=evidence,
        )  # fmt: skip
        problems = problems_of(said, self._known, self._now)
        if problems:
            return [msgspec.structs.replace(one, field=one.field.removeprefix("evidence.")) for one in problems]
        entry = ConsentEntry(said.category, Action(action), starts or self._now, ends, SOURCE)
        nobody = (
            f"The project has no customer {whose}={cells[whose]}. Track the customer first, correct the cell, or have "
            "customers created from the file (unknown: create)."
        )
        return Line(
            number, whom, cells.get("phone"), Problem(whose, nobody), entry, evidence, _sameness(entry, evidence)
        )

    def _whom(self, cells: Mapping[str, str], problems: list[Problem]) -> tuple[str, Address | UUID | None]:
        whose = next((name for name in self._columns.whose if cells.get(name)), None)
        if whose is None:
            problems.append(Problem(self._columns.whose[0], "Nothing says whose consent it is."))
            return "", None
        try:
            found = sought(self._project, "id" if whose == "customer_id" else whose, cells[whose])
        except InvalidInputError as error:
            problems += [Problem(whose, one.sentence) for one in error.problems]
            return whose, None
        if found is None:
            problems.append(Problem(whose, "is no id: it must be a UUID."))
        return whose, found


def _moment(cells: Mapping[str, str], name: str, problems: list[Problem]) -> datetime | None:
    """UNIX seconds, or ISO 8601 with a time zone. Empty: None."""
    text = cells.get(name, "")
    try:
        if text.removeprefix("-").replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(text), UTC)
        return datetime.fromisoformat(text) if text else None
    except (ValueError, OverflowError, OSError):
        also = f", or {UNLIMITED}" if name == "valid_until" else ""
        said = f"must be a time such as 2026-11-20T10:00:00+01:00, or UNIX seconds{also}; it is {text[:40]!r}."
        problems.append(Problem(name, said))
        return None


def _sameness(entry: ConsentEntry, evidence: Evidence) -> str:
    """Whoever brings the same file changes nothing for it: `entered_by` does not count."""
    told = msgspec.json.encode((entry, msgspec.structs.replace(evidence, entered_by=None)))
    return f"{SOURCE}:{hashlib.sha256(told).hexdigest()}"
