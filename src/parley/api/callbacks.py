"""`POST /callbacks/sinch/{token}`: what Sinch tells us. A 2xx means durable; a valid callback never gets a 4xx."""

from typing import Any

import structlog
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from parley.api.errors import RETRY_AFTER_SECONDS
from parley.providers.signature import NotGenuine
from parley.services.callback_intake import CallbackIntake, ComeAgain, Taken
from parley.services.receive_callbacks import LARGEST_CALLBACK, UnknownDoor

Answer = dict[str, bool | str]


def callbacks_door(intake: CallbackIntake) -> HTTPRouteHandler:
    """The door for both of Sinch's APIs; the token says whose callbacks come in by it."""

    @post(
        "/callbacks/sinch/{token:str}",
        status_code=200,
        request_max_body_size=LARGEST_CALLBACK,
        summary="Take a callback of Sinch",
        tags=["callbacks"],
    )
    async def receive_callback(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Answer]:
        """200 when it is durable; 401 unsigned or wrongly signed; 404 unknown token; 503 come again later."""
        body = await request.body()
        try:
            return _answer(await intake.take(token, request.headers, body))
        except Exception:  # noqa: BLE001  whatever it was, Sinch still has the callback: a 5xx makes it come again
            structlog.get_logger().exception("a callback was not stored")
            return _told(503, "The callback could not be stored now; send it again later.")

    return receive_callback


def _answer(outcome: Taken | ComeAgain | UnknownDoor | NotGenuine) -> Response[Answer]:
    match outcome:
        case UnknownDoor():
            return _told(404, "No integration has this address. `parley apply` prints the right one.")
        case NotGenuine(sentence=sentence):
            return _told(401, f"The signature is not accepted. {sentence}")
        case ComeAgain(sentence=sentence):
            return _told(503, sentence)
        case Taken():
            return Response({"success": True}, status_code=200)


def _told(status: int, sentence: str) -> Response[Answer]:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
    return Response({"success": False, "error": sentence}, status_code=status, headers=headers)
