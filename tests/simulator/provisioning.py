"""Templates as the Provisioning API takes them, and an ear for what it tells."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.simulator.desk import Desk
from tests.simulator.shop import Heard, Shop, open_shop

TEMPLATES = "/whatsapp/templates"
REMINDER = f"{TEMPLATES}/reminder/languages/EN_US"
SECRET = "p-secret"
BODY = {"type": "BODY", "text": "Dear {{1}}, your cart waits. Type CART.", "examples": ["Alice"]}


def template(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A good one, unless told otherwise."""
    usual = {"name": "reminder", "language": "EN_US", "category": "MARKETING"}
    return {**usual, "details": {"components": list(components or (BODY,))}, **more}


def create(desk: Desk, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = desk.provision("POST", TEMPLATES, template(*components, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def approved(desk: Desk, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = create(desk, *components, **more)
    return decide(desk, "approve", name=made["name"], language=made["language"])


def decide(desk: Desk, decision: str, name: str = "reminder", language: str = "EN_US", **more: Any) -> dict[str, Any]:
    """By the control API."""
    told: dict[str, Any] = desk.sim(f"templates/{name}/{language}", {"decision": decision, **more})["template"]
    return told


def shown(desk: Desk, path: str = REMINDER) -> dict[str, Any]:
    answer = desk.provision("GET", path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def error_of(answer: Any) -> tuple[int, str]:
    told = answer.json()
    assert set(told) - {"additionalInformation"} == {"errorCode", "message", "resolution"}
    return answer.status_code, told["errorCode"]


def sent(to: str, *values: str, name: str = "reminder", language: str = "en_US") -> dict[str, Any]:
    """The template in a send, which spells the language its own way."""
    parameters = {f"body[{i}]text": value for i, value in enumerate(values or (to,), 1)}
    named = {"template_id": name, "language_code": language, "parameters": parameters}
    return {"template_message": {"channel_template": {"WHATSAPP": named}}}


@contextmanager
def ear(desk: Desk, *triggers: str) -> Iterator[Shop]:
    """Hears the Provisioning API's callbacks."""
    with open_shop() as shop:
        hook = {"target": f"{shop.url}/p", "secret": SECRET, "triggers": list(triggers or ("ALL",))}
        assert desk.provision("POST", "/webhooks", hook).status_code == 201
        yield shop


def told(heard: Heard) -> tuple[str, Any]:
    """The kind, and the state of the template it is about."""
    body = heard.body
    return body["type"], body["payload"].get("state")
