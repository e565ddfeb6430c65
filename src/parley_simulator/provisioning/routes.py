"""The Provisioning API's endpoints: the rest of each path is as at Sinch (sinch.md 3.1 to 3.4)."""

from functools import partial

from parley_simulator.exchange import Answer, Call, Method, Route, Story
from parley_simulator.provisioning import reading, senders, webhooks, writing
from parley_simulator.provisioning.errors import refuse
from parley_simulator.world import World

ROOT = "/provisioning/v1/projects/{project_id:str}"
METHODS: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes() -> tuple[Route, ...]:
    """All endpoints, and a 404 in this API's form for every other path of a project."""
    templates, hooks = "/whatsapp/templates", "/webhooks"
    name, language = f"{templates}/{{name:str}}", f"{templates}/{{name:str}}/languages/{{language:str}}"
    hook = f"{hooks}/{{webhook_id:str}}"
    return (
        _route("GET", "/whatsapp", "account", senders.account),
        _route("GET", "/whatsapp/senders", "senders", _onboarded(senders.listed)),
        _route("GET", "/whatsapp/senders/{sender_id:str}", "senders", _onboarded(senders.one)),
        _route("GET", templates, "templates", _onboarded(reading.listed)),
        _route("POST", templates, "templates", _onboarded(writing.create)),
        _route("GET", name, "templates", _onboarded(reading.of_one_name)),
        _route("POST", name, "sync", _onboarded(writing.synchronise)),
        _route("DELETE", name, "templates", _onboarded(writing.delete_all)),
        _route("GET", language, "templates", _onboarded(reading.one)),
        _route("PATCH", language, "templates", _onboarded(writing.patch)),
        _route("DELETE", language, "templates", _onboarded(writing.delete_one)),
        _route("GET", hooks, "webhooks", webhooks.listed),
        _route("POST", hooks, "webhooks", webhooks.create),
        _route("GET", hook, "webhooks", webhooks.one),
        _route("PUT", hook, "webhooks", webhooks.replace),
        _route("PATCH", hook, "webhooks", webhooks.patch),
        _route("DELETE", hook, "webhooks", webhooks.delete),
        *(_route(method, "/{rest:path}", "unknown", _unknown) for method in METHODS),
    )


def _route(method: Method, path: str, name: str, story: Story) -> Route:
    return Route(method=method, path=f"{ROOT}{path}", name=f"provisioning.{name}", story=story)


def _onboarded(story: Story) -> Story:
    return partial(_if_onboarded, story)


async def _if_onboarded(story: Story, world: World, call: Call) -> Answer:
    return await story(world, call) if world.account.state == "ONBOARDED" else refuse("project_not_initialized")


async def _unknown(_world: World, _call: Call) -> Answer:
    return refuse("not_found")
