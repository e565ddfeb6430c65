"""Is the server alive, and is it ready for work?"""

import asyncio
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
        reason = f"The database cannot be reached: {type(error).__name__}."
    if reason is not None:
        return Response({"status": "not ready", "reason": reason}, status_code=503)
    return Response({"status": "ready"}, status_code=200)


async def _reason(database: Database, url: str) -> str | None:
    async with database.connection() as connection:
        await answers(connection)
    try:
        waiting = await asyncio.to_thread(pending, url)
    except NewerSchemaError as error:
        return str(error)
    return f"These migrations have not run: {', '.join(waiting)}. Run parley migrate." if waiting else None
