"""How the control API reads and refuses."""

from typing import TypeVar

import msgspec

from parley_simulator.exchange import PASS, UNREADABLE, Answer, Call, Door, ok

T = TypeVar("T")


def door() -> Door:
    """Everyone on this machine gets in; faults do not reach here."""
    return Door(
        api="control",
        gate=lambda _world, _call: PASS,
        refuse=lambda _world, fault: refused(fault.message, fault.status),
        numbers=lambda _body: (),
    )


def refused(sentence: str, status: int = 400) -> Answer:
    """`{"error": sentence}`."""
    return ok({"error": sentence}, status)


def read(call: Call, shape: type[T]) -> T | Answer:
    """The body as a value, or a 400 that says what is wrong and where."""
    return read_with(call, msgspec.json.Decoder(shape))


def read_with(call: Call, decoder: msgspec.json.Decoder[T]) -> T | Answer:
    """The same for a union, which needs a decoder of its own."""
    try:
        return decoder.decode(call.body or b"{}")
    except UNREADABLE as error:
        return refused(str(error))
