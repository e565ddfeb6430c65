"""Trouble on order: scripted faults per endpoint, per number, per callback."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, get_args

import msgspec

from parley_simulator.chance import Chance

FAULTS_CEILING = 1_000

RequestKind = Literal[
    "status", "html502", "cut", "slow", "accept_then_timeout", "accept_then_html503", "throttle", "token_expired",
    "token_revoked", "billing"
]  # fmt: skip
FateKind = Literal["fail", "silence", "read_without_delivered", "disorder", "report_first"]
CallbackKind = Literal["duplicate", "shuffle", "drop", "bad_signature", "stale_timestamp", "replay"]

REQUEST_KINDS = frozenset(get_args(RequestKind))
FATE_KINDS = frozenset(get_args(FateKind))
CALLBACK_KINDS = frozenset(get_args(CallbackKind))


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. `endpoint` is a route's name or a pattern (`conversation.*`), `number` a recipient in digits.

    `times` 0 means until cleared. `seconds` is real time for `slow` and `accept_then_timeout`, virtual for `replay`.
    `status`, `message` and `retry_after` shape a refusal; `code` and `message` shape a failed delivery.
    """

    kind: RequestKind | FateKind | CallbackKind
    endpoint: str = "*"
    number: str = ""
    times: Annotated[int, msgspec.Meta(ge=0)] = 1
    percent: Annotated[float, msgspec.Meta(gt=0, le=100)] = 100
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    message: str = ""
    code: str = "CHANNEL_FAILURE"
    channel_code: str = ""
    retry_after: float | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 2


class Healthy(msgspec.Struct, frozen=True):
    """Nothing is wrong here."""


HEALTHY = Healthy()


class _Armed(msgspec.Struct):
    fault: Fault
    left: int


class FaultBook:
    """The script, in the order given; each match uses up one of a fault's times."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> None:
        """Arm one. Raises `OverflowError` beyond the ceiling."""
        if len(self._armed) >= FAULTS_CEILING:
            raise OverflowError(f"more than {FAULTS_CEILING} faults; clear some first")
        self._armed.append(_Armed(fault, fault.times))

    def clear(self) -> None:
        """Back to health."""
        self._armed.clear()

    def listed(self) -> list[Fault]:
        """What is still armed, `times` being what is left."""
        return [msgspec.structs.replace(armed.fault, times=armed.left) for armed in self._armed]

    def take(self, kinds: frozenset[str], endpoint: str, numbers: tuple[str, ...]) -> Fault | Healthy:
        """The first fault that matches, used once."""
        for armed in self._armed:
            if self._strikes(armed.fault, kinds, endpoint, numbers):
                self._use(armed)
                return armed.fault
        return HEALTHY

    def _strikes(self, fault: Fault, kinds: frozenset[str], endpoint: str, numbers: tuple[str, ...]) -> bool:
        return (
            fault.kind in kinds
            and fnmatchcase(endpoint, fault.endpoint)
            and (not fault.number or fault.number.lstrip("+") in numbers)
            and self._chance.falls(fault.percent)
        )

    def _use(self, armed: _Armed) -> None:
        if armed.left == 1:
            self._armed.remove(armed)
        armed.left -= bool(armed.left)
