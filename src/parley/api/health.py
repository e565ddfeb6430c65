"""Is the server alive, and is it ready for work?"""

import asyncio
import os
from typing import Any

from litestar import Request, Response, get

from parley.store.database import Database
from parley.store.migrate import NewerSchemaError, pending
from parley.store.projects import answers

READY_WITHIN_SECONDS = 5.0


@get("/health")
async def health() -> dict[str, str]:
    """Alive: this process answers."""
    return {"status": "alive"}


@get("/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """Ready: the database answers and its schema is this version's. 503 with the reason otherwise."""
    state = request.app.state
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            reason = await _reason(state.database, state.database_url)
    except Exception as error:  # noqa: BLE001  whatever keeps us from the database is the reason
        reason = f"The database cannot be reached: {plain_reason(error)}."
    if reason is not None:
        return Response({"status": "not ready", "reason": reason}, status_code=503)
    return Response({"status": "ready"}, status_code=200)


def plain_reason(error: Exception) -> str:
    """Without the address, which is nobody's business who asks here."""
    if isinstance(error, TimeoutError):
        return "it has not answered in time"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return f"it takes no connection ({type(error).__name__})"


async def _reason(database: Database, url: str) -> str | None:
    async with database.connection() as connection:
        await answers(connection)
    try:
        waiting = await asyncio.to_thread(pending, url)
    except NewerSchemaError as error:
        return str(error)
    return f"These migrations have not run: {', '.join(waiting)}. Run parley migrate." if waiting else None
