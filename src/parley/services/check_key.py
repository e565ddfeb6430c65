"""Is this the key that the stored secrets are sealed under? Asked when a server or a worker starts."""

import asyncio

from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.database import AWAY, Database
from parley.store.definitions import newest_secret

WRONG_KEY = (
    "The stored secrets do not open with this PARLEY_SECRET_KEY (without it: secret.key in the data folder). Start "
    "with the key they were stored under; if it is lost, `parley apply` all integrations again under the new one."
)

TRIES = 30
PAUSE_SECONDS = 1.0
"""A database that goes away while a process starts is waited for so often and so long."""


async def check_key(database: Database, box: SecretBox) -> None:
    """Raises WrongKeyError when the secret that was stored last does not open.

    The last one, so that a server starts again after its key was lost and the files were applied under a new one.
    """
    sealed = await _newest_secret(database)
    try:
        if sealed is not None:
            box.open(sealed)
    except WrongKeyError as error:
        raise WrongKeyError(WRONG_KEY) from error


async def _newest_secret(database: Database) -> bytes | None:
    for _ in range(TRIES - 1):
        try:
            async with database.connection() as connection:
                return await newest_secret(connection)
        except AWAY:
            await asyncio.sleep(PAUSE_SECONDS)
    async with database.connection() as connection:
        return await newest_secret(connection)
