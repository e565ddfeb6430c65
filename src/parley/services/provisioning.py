"""The way to an account's Provisioning API: where it is, and calls with its token."""

from collections.abc import Callable

import msgspec

from parley.domain.clock import Clock
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import NotAccepted
from parley.integrations import Integration
from parley.presets import parameters_of, shipped
from parley.providers.http import NotSentError, UnansweredError, Wire
from parley.providers.oauth2 import Credentials, TokenSource
from parley.providers.sinch_provisioning.calls import BASE_URL, Project, Refusal, is_sinch, read_refusal
from parley.queue.steady import steady_clock
from parley.services.definitions import ProjectDefinitions, open_secrets
from parley.services.secret_box import SecretBox

CALL_SECONDS = 20.0


class Account(msgspec.Struct, frozen=True):
    """Where an integration's templates are, and who asks."""

    project: Project
    credentials: Credentials


def provisioning_url(integration: Integration) -> str | None:
    """None where there is no such API: the old WhatsApp API has none, and a Sinch of one's own names its own."""
    if integration.api != "sinch_conversation":
        return None
    given = integration.account
    if given.get("provisioning_url"):
        return str(given["provisioning_url"])
    return BASE_URL if is_sinch(str(given.get("base_url") or BASE_URL)) else None


class Provisioning:
    """Calls with tokens. One per process; `close` at the end."""

    def __init__(self, box: SecretBox, wire: Wire, clock: Clock, chance: Callable[[], float]) -> None:
        self._box = box
        self._clock = clock
        self._tokens = TokenSource(wire, steady_clock, chance)

    def account(self, project: ProjectDefinitions, integration: Integration) -> Account | None:
        """None where there is no such API. Raises WrongKeyError."""
        url = provisioning_url(integration)
        if url is None:
            return None
        given = {"auth_url": _AUTH_URL} | open_secrets(self._box, project, integration.account)
        credentials = Credentials(given["auth_url"], given["key_id"], given["key_secret"])
        return Account(Project(url, given["project_id"]), credentials)

    async def call(self, account: Account, request: HttpRequest) -> HttpResponse | Refusal:
        """A success, or why there is none."""
        try:
            answer = await self._tokens.send(request, account.credentials, CALL_SECONDS)
        except (NotSentError, UnansweredError) as error:
            return Refusal("unreachable", str(error), passes=True)
        if isinstance(answer, NotAccepted):
            return Refusal(answer.code, answer.sentence, passes=True)
        return answer if 200 <= answer.status < 300 else read_refusal(answer)

    async def close(self) -> None:
        """Ends what is asked for at the moment."""
        await self._tokens.close()


_AUTH_URL = next(
    parameter.default
    for parameter in parameters_of(shipped()["sinch-conversation-template"])
    if parameter.name == "auth_url"
)
"""Said once, in the shipped preset."""
