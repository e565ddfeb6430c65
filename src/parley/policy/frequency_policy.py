"""A frequency policy: how often a customer may be written to, as its author wrote it (docs/reference/frequency.md)."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.exemption import Exemption, within
from parley.domain.message import Kind
from parley.domain.misfit import every_misfit
from parley.policy.periods import LONGEST_MONTH, PERIOD, SPAN, span_of

LONGEST = timedelta(days=92)
_A_SPAN = "must be a span such as `12 hours`, `7 days` or `2 weeks`"
_A_PERIOD = f"{_A_SPAN}; or `calendar day`, `calendar week` or `calendar month`"
Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$", extra={"sentence": "must be 1 to 100 small letters, digits, `-` and `_`"}
    ),
]


class Audiences(Protocol):
    """How a condition on customers is read: handed in, because rooms side by side do not see each other."""

    def parse_audience(self, raw: object, field: str, /) -> Any:
        """Raises InvalidInputError."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many messages in a period."""

    at_most: Annotated[int, Meta(ge=1, le=1_000)]
    per: Annotated[str, Meta(pattern=PERIOD, extra={"sentence": _A_PERIOD})]

    @property
    def reach(self) -> timedelta:
        """How far back a message may count at most."""
        span = span_of(self.per)
        return LONGEST_MONTH if span is None else span


class FrequencySegment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of the customers in it. Of a policy's segments the first that fits counts."""

    limits: Annotated[tuple[Limit, ...], Meta(min_length=1, max_length=20)]
    name: Annotated[str, Meta(max_length=100)] = ""
    condition: Any = None
    """None: everybody."""


class FrequencyPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"exemption": "except"}):
    """Read by `parse_frequency_policy`. It counts the messages that it covers, and limits them."""

    kind: Literal["frequency_policy"]
    name: Name
    segments: Annotated[tuple[FrequencySegment, ...], Meta(min_length=1, max_length=50)]
    title: str = ""
    active: bool = True
    kinds: Annotated[tuple[Literal["template", "text", "media"], ...], Meta(min_length=1)] = ("template",)
    consent_categories: tuple[str, ...] | None = None
    """None: of any."""
    template_categories: tuple[str, ...] | None = None
    exemption: Exemption = Exemption()
    wait_at_most: Annotated[str, Meta(pattern=rf"^{SPAN}$", extra={"sentence": _A_SPAN})] = "1 day"
    """A message that would have to wait longer is refused."""

    def covers(self, kind: Kind, consent_category: str | None, template_category: str | None) -> bool:
        """Whether such a message counts, and is limited unless it is an answer."""
        return (
            kind.value in self.kinds
            and within(consent_category, self.consent_categories)
            and within(template_category, self.template_categories)
            and consent_category not in self.exemption.consent_categories
            and template_category not in self.exemption.template_categories
        )

    @property
    def reach(self) -> timedelta:
        """Of the limit that looks back farthest."""
        return max(limit.reach for segment in self.segments for limit in segment.limits)

    @property
    def most(self) -> int:
        """Of the limit that counts farthest."""
        return max(limit.at_most for segment in self.segments for limit in segment.limits)


def parse_frequency_policy(data: bytes, audiences: Audiences) -> FrequencyPolicy:
    """`audiences` is the module `parley.segments`. Raises InvalidInputError that names the field."""
    try:
        policy = msgspec.json.decode(data, type=FrequencyPolicy)
    except msgspec.ValidationError as error:
        raise every_misfit(data, FrequencyPolicy, "frequency_policy") from error
    problems: list[Problem] = []
    segments = tuple(_read(one, f"segments[{place}]", audiences, problems) for place, one in enumerate(policy.segments))
    for place, one in enumerate(policy.segments[:-1]):
        if one.condition is None:
            sentence = "has no condition, so nobody reaches the segments after it: put it last, or give it one."
            problems.append(Problem(f"segments[{place}]", sentence))
    if problems:
        raise InvalidInputError(problems)
    return msgspec.structs.replace(policy, segments=segments)


def _read(segment: FrequencySegment, place: str, audiences: Audiences, problems: list[Problem]) -> FrequencySegment:
    for number, limit in enumerate(segment.limits):
        if not timedelta() < limit.reach <= LONGEST:
            sentence = f"must be longer than nothing and no longer than {LONGEST.days} days."
            problems.append(Problem(f"{place}.limits[{number}].per", sentence))
    condition = None
    if segment.condition is not None:
        try:
            condition = audiences.parse_audience(segment.condition, f"{place}.condition")
        except InvalidInputError as error:
            problems += error.problems
    return msgspec.structs.replace(segment, condition=condition)
