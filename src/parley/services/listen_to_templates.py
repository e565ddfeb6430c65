"""Has Sinch tell what happens to an account's templates: a webhook to the integration's own door."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from parley.domain.clock import Clock
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.presets import url_fault
from parley.providers.http import Wire
from parley.providers.sinch_provisioning.calls import HEARD_ALREADY, Refusal, listen_request
from parley.services.definitions import open_secret, project_definitions
from parley.services.provisioning import Provisioning
from parley.services.secret_box import SecretBox
from parley.services.steer_templates import who_hands_in
from parley.store.database import Database
from parley.store.definitions import definitions_of


class NotListeningError(ParleyError):
    """Sinch does not take the webhook."""


class Listening(msgspec.Struct, frozen=True):
    """Where Sinch calls. `is_new` is False when it did so before."""

    sender: str
    target: str
    is_new: bool


class Ear:
    """What is needed to ask Sinch once, from a command."""

    def __init__(
        self, database: Database, box: SecretBox, wire: Wire, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._database = database
        self._box = box
        self._provisioning = Provisioning(box, wire, clock, chance)

    async def listen(self, project_id: UUID, sender: str | None, url: str) -> Listening:
        """`url` is Parley's own address from outside. Raises InvalidInputError or NotListeningError."""
        if fault := url_fault(url):
            raise InvalidInputError([Problem("url", f"{fault}.")])
        async with self._database.connection() as connection:
            project = await project_definitions(connection, project_id)
            stored = await definitions_of(connection, project_id)
        name = who_hands_in(project, sender)
        integration = project.integrations[name]
        secret = open_secret(self._box, project, integration.signing_secret)
        if not secret:
            raise InvalidInputError(
                [Problem("signing_secret", f"is missing in the integration {name}; apply it first.")]
            )
        token = next(one.callback_token for one in stored if (one.kind, one.name) == ("integration", name))
        target = f"{url.rstrip('/')}/callbacks/sinch/{token}"
        account = self._provisioning.account(project, integration)
        assert account is not None  # noqa: S101  who_hands_in gives only those that have one
        answer = await self._provisioning.call(account, listen_request(account.project, target, secret))
        if isinstance(answer, Refusal) and answer.code != HEARD_ALREADY:
            raise NotListeningError(f"Sinch does not take the webhook: {answer.sentence}")
        return Listening(name, target, not isinstance(answer, Refusal))

    async def close(self) -> None:
        """Ends what is asked for at the moment."""
        await self._provisioning.close()
