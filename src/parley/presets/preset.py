"""A webhook preset: a request with parameters, who we are to the server, and what its answers mean. Data."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from parley.domain.message import Kind
from parley.presets.answers import Answer
from parley.presets.authentication import Authentication, NoAuthentication
from parley.presets.parameters import Parameter, ParameterNote, collect_parameters
from parley.presets.pieces import Slot, read_pieces, slots_of


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several customers in one request: each renders to a text, `customers` is the list of those texts."""

    max: int
    customer: str
    """What one customer contributes. JSON if it begins with `{`, `[` or a quotation mark, else text."""


class Preset(msgspec.Struct, frozen=True):
    """As the user wrote it. `parse_preset` is the only way in from outside: it also proves that the texts render."""

    name: str
    title: str
    purpose: Kind
    method: str
    url: str
    kind: Literal["preset"] = "preset"
    description: str = ""
    headers: dict[str, str] = {}
    format: Literal["json", "text", "xml", "form", "none"] = "json"
    body: str = ""
    authentication: Authentication = NoAuthentication()
    batch: Batch | None = None
    answers: tuple[Answer, ...] = ()
    parameters: dict[str, ParameterNote] = {}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that may hold `[[ parameters ]]`: (field, text)."""
        yield from (("method", self.method), ("url", self.url))
        yield from ((f"headers.{name}", text) for name, text in self.headers.items())
        yield ("body", self.body)
        if self.batch:
            yield ("batch.customer", self.batch.customer)
        yield from ((f"authentication.{name}", text) for name, text in self.authentication.texts())


def parameters_of(preset: Preset) -> tuple[Parameter, ...]:
    """What a form must ask, in the order of the preset's notes and then of its texts. Raises InvalidInputError."""
    slots: list[Slot] = []
    for _, text in preset.texts():
        slots.extend(slots_of(pieces_of(text)))
    return collect_parameters(slots, preset.parameters)


pieces_of = lru_cache(maxsize=2_000)(read_pieces)
"""The same texts are read for every form and every new set of values."""
