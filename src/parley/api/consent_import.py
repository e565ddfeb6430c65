"""`POST /api/v1/projects/…/consents/import`: a file of consents goes into the ledger, all of it or nothing."""

import io
from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery

from parley.access import Permission
from parley.api.auth import admit
from parley.api.consents import answered
from parley.api.errors import ApiError, malformed
from parley.services.consent_table import ConsentFile, FileError, encoding_of
from parley.services.import_consents import Imported, Listeners, Refused, Table, Wishes, import_consents

LARGEST_IMPORT = 20_000_000
"""Bytes: some hundred thousand lines, read into memory."""
LISTED = 10_000
"""Refused lines that an answer tells one by one; all are counted."""
_TOO_LARGE = f"The file has more than {LARGEST_IMPORT:,} bytes: bring it in pieces, or by `parley consent import`."
_NOTHING = "Nothing was written: correct the lines that are refused, or take the others with skip_refused=true."


@post("/import", status_code=200, request_max_body_size=LARGEST_IMPORT, summary="Import a file of consents")
async def import_file(
    token: FromPath[str],
    request: Request[Any, Any, Any],
    *,
    dry_run: FromQuery[bool] = False,
    skip_refused: FromQuery[bool] = False,
    unknown: FromQuery[Literal["refuse", "create"]] = "refuse",
) -> Response[dict[str, Any]]:
    """The body is the CSV file. The answer counts, and names every refused line; 400 when those kept all of it out."""
    caller = await admit(request, token, Permission.WRITE_CONSENTS)
    body = await _body(request)
    refused: list[Refused] = []

    def tell(one: Refused) -> None:
        if len(refused) < LISTED:
            refused.append(one)

    state = request.app.state
    wishes = Wishes(caller.key_id, dry_run, skip_refused, unknown)
    try:
        file = ConsentFile(io.TextIOWrapper(io.BytesIO(body), encoding_of(body), newline=""))
        work = import_consents(
            state.database, caller.project, Table(file.heading, file.lines()), wishes,
            Listeners(tell, lambda _: None), state.clock(),
        )  # fmt: skip
        done = await answered(work)
    except FileError as error:
        raise malformed(str(error)) from error
    return _told(done, refused, dry_run=dry_run)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:
        if error.status_code != 413:
            raise
        raise ApiError(413, {"success": False, "errors": [_TOO_LARGE]}) from error


def _told(done: Imported, refused: list[Refused], *, dry_run: bool) -> Response[dict[str, Any]]:
    data = {**msgspec.to_builtins(done), "problems": msgspec.to_builtins(refused)}
    if done.written or dry_run:
        return Response({"success": True, "data": data}, status_code=200)
    return Response({"success": False, "errors": [_NOTHING], "data": data}, status_code=400)


router = Router("/api/v1/projects/{token:str}/consents", route_handlers=[import_file], tags=["consents"])
