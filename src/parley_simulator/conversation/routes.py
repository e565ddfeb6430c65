"""The Conversation API's endpoints under `/v1/projects/{project_id}`."""

from parley_simulator.conversation import apps, listing, optins, webhooks
from parley_simulator.conversation.errors import refuse
from parley_simulator.conversation.send import send
from parley_simulator.exchange import Answer, Call, Method, Route, Story, ok
from parley_simulator.line import Line
from parley_simulator.world import World

ROOT = "/v1/projects/{project_id:str}"


def routes(line: Line) -> tuple[Route, ...]:
    """All endpoints, and a 404 in Sinch's form for every other path of a project."""

    async def messages_send(world: World, call: Call) -> Answer:
        return await send(world, line, call)

    async def app_one(world: World, call: Call) -> Answer:
        known = call.path["app_id"] == world.app.app_id
        return ok(apps.wire(world, line)) if known else refuse(world, 404, "app not found")

    async def app_patch(world: World, call: Call) -> Answer:
        known = call.path["app_id"] == world.app.app_id
        return await apps.patch(world, line, call) if known else refuse(world, 404, "app not found")

    async def app_list(world: World, _call: Call) -> Answer:
        return ok({"apps": [apps.wire(world, line)]})

    return (
        _route("POST", "/messages:send", "send", messages_send),
        _route("POST", "/messages:fetch-last-message", "messages", listing.last),
        _route("GET", "/messages", "messages", listing.many),
        _route("GET", "/messages/{message_id:str}", "messages", listing.one),
        _route("POST", "/optins:register", "optins", optins.story(optins.IN)),
        _route("POST", "/optouts:register", "optouts", optins.story(optins.OUT)),
        _route("GET", "/apps", "apps", app_list),
        _route("GET", "/apps/{app_id:str}", "apps", app_one),
        _route("PATCH", "/apps/{app_id:str}", "apps", app_patch),
        _route("GET", "/apps/{app_id:str}/consents/{list_type:str}", "consents", apps.consents),
        _route("GET", "/apps/{app_id:str}/consents/identities/{identity:str}", "consents", apps.consent_audit),
        _route("GET", "/apps/{app_id:str}/webhooks", "webhooks", webhooks.listed),
        _route("POST", "/apps/{app_id:str}/webhooks", "webhooks", webhooks.not_here),
        _route("GET", "/webhooks", "webhooks", webhooks.listed),
        _route("POST", "/webhooks", "webhooks", webhooks.create),
        _route("GET", "/webhooks/{webhook_id:str}", "webhooks", webhooks.one),
        _route("PATCH", "/webhooks/{webhook_id:str}", "webhooks", webhooks.patch),
        _route("DELETE", "/webhooks/{webhook_id:str}", "webhooks", webhooks.delete),
        *(_route(method, "/{rest:path}", "unknown", _unknown) for method in METHODS),
    )


METHODS: tuple[Method, ...] = ("GET", "POST", "PATCH", "DELETE")


def _route(method: Method, path: str, name: str, story: Story) -> Route:
    return Route(method=method, path=f"{ROOT}{path}", name=f"conversation.{name}", story=story)


async def _unknown(world: World, _call: Call) -> Answer:
    return refuse(world, 404)
