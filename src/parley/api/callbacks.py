"""`POST /callbacks/sinch/{token}`: what Sinch tells us. A 2xx means durable; a valid callback never gets a 4xx.

The hottest door of all, so it is a plain ASGI application in front of the framework: routing, the request object and
the rendered answer of the framework took longer than everything that Parley itself does for a callback (ADR 12).
"""

from functools import lru_cache

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from parley.api.errors import RETRY_AFTER_SECONDS
from parley.providers.signature import NotGenuine
from parley.services.callback_intake import CallbackIntake, ComeAgain, Outcome, Taken
from parley.services.receive_callbacks import LARGEST_CALLBACK, UnknownDoor, is_kept

PATH = "/callbacks/sinch/"


class _Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def with_callbacks_door(intake: CallbackIntake, others: ASGIApp) -> ASGIApp:
    """The door for both of Sinch's APIs (the token says whose callbacks come in by it); `others` is all the rest."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(PATH):
            await _send(send, await _answer(intake, scope, receive))
        else:
            await others(scope, receive, send)

    return app


async def _answer(intake: CallbackIntake, scope: HTTPScope, receive: Receive) -> _Answer:
    """200 when it is durable; 401 unsigned or wrongly signed; 404 unknown token; 503 come again later."""
    token = scope["path"][len(PATH) :]
    if scope["method"] != "POST":
        return _NOT_POST
    if not token.isascii() or not token.isprintable():
        return _UNKNOWN  # no token of ours, and nothing to ask a database for
    body = await _body(receive)
    if body is None:
        return _TOO_LARGE
    headers = {
        name: value.decode("latin-1") for raw, value in scope["headers"] if (name := _kept_name(raw)) is not None
    }
    try:
        return _told_of(await intake.take(token, headers, body))
    except Exception:  # noqa: BLE001  whatever it was, Sinch still has the callback: a 5xx makes it come again
        structlog.get_logger().exception("a callback was not stored")
        return _come_again("The callback could not be stored now; send it again later.")


@lru_cache(maxsize=500)
def _kept_name(raw: bytes) -> str | None:
    """None for a header that is not kept. The same few names come with every callback."""
    name = raw.decode("latin-1")
    return name if is_kept(name) else None


async def _body(receive: Receive) -> bytes | None:
    """None when it is larger than any callback."""
    body, more = b"", True
    while more and len(body) <= LARGEST_CALLBACK:
        message = await receive()
        if message["type"] != "http.request":
            return body  # the client has gone; nobody reads the answer
        body += message["body"]
        more = message["more_body"]
    return None if len(body) > LARGEST_CALLBACK else body


def _told_of(outcome: Outcome) -> _Answer:
    match outcome:
        case Taken():
            return _STORED
        case UnknownDoor():
            return _UNKNOWN
        case NotGenuine(sentence=sentence):
            return _told(401, f"The signature is not accepted. {sentence}")
        case ComeAgain(sentence=sentence):
            return _come_again(sentence)


def _come_again(sentence: str) -> _Answer:
    return _told(503, sentence, (b"retry-after", str(RETRY_AFTER_SECONDS).encode()))


def _told(status: int, sentence: str, *headers: tuple[bytes, bytes]) -> _Answer:
    return _Answer(status, msgspec.json.encode({"success": False, "error": sentence}), headers)


_STORED = _Answer(200, b'{"success":true}')
_UNKNOWN = _told(404, "No integration has this address. `parley apply` prints the right one.")
_NOT_POST = _told(405, "This address takes POST.", (b"allow", b"POST"))
_TOO_LARGE = _told(413, f"A callback has at most {LARGEST_CALLBACK} bytes.")


async def _send(send: Send, answer: _Answer) -> None:
    headers = [(b"content-type", b"application/json"), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
