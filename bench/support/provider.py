"""A provider that never sets the pace: it answers every send with a fresh id and does nothing else.

    python -m bench.support.provider PORT

Both of Sinch's APIs and the token endpoint of the newer one. No simulator: nothing is checked, no report comes.
"""

import itertools
import sys
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces

_numbers = itertools.count(1)
_JSON = [("content-type", "application/json")]


def _legacy() -> tuple[int, str]:
    return 201, (
        f'{{"type":"whatsapp","statuses":[{{"message_id":"01BENCH{next(_numbers):019d}",'
        '"recipient":"421901000000","status":"success","state":"queued"}]}'
    )


def _conversation() -> tuple[int, str]:
    return 200, f'{{"message_id":"01BENCH{next(_numbers):019d}","accepted_time":"2026-05-01T10:00:00.123456Z"}}'


def _token() -> tuple[int, str]:
    return 200, '{"access_token":"bench-token","expires_in":3599,"token_type":"bearer","scope":""}'


ANSWERS: dict[str, Callable[[], tuple[int, str]]] = {
    "messages": _legacy,
    "messages:send": _conversation,
    "token": _token,
}
"""By the last word of the address."""


async def answer(scope: Any, protocol: Any) -> bytes:
    """One RSGI call. Gives back the body that it has read."""
    asked: bytes = await protocol()
    status, body = ANSWERS[scope.path.rpartition("/")[2]]()
    protocol.response_str(status, _JSON, body)
    return asked


if __name__ == "__main__":
    Granian(
        "bench.support.provider:answer",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        workers=1,
        log_enabled=False,
    ).serve()
