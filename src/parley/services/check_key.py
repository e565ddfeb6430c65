"""Is this the key that the stored secrets are sealed under? Asked when a server or a worker starts."""

from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.database import Database
from parley.store.definitions import newest_secret

WRONG_KEY = (
    "The stored secrets do not open with this PARLEY_SECRET_KEY (without it: secret.key in the data folder). Start "
    "with the key they were stored under; if it is lost, `parley apply` all integrations again under the new one."
)


async def check_key(database: Database, box: SecretBox) -> None:
    """Raises WrongKeyError when the secret that was stored last does not open.

    The last one, so that a server starts again after its key was lost and the files were applied under a new one.
    """
    async with database.connection() as connection:
        sealed = await newest_secret(connection)
    try:
        if sealed is not None:
            box.open(sealed)
    except WrongKeyError as error:
        raise WrongKeyError(WRONG_KEY) from error
