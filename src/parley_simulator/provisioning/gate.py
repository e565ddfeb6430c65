"""Who gets into the Provisioning API: the project's key, straight or by its token; a foreign project is a 401, too."""

from parley_simulator.conversation.tokens import Invalid, key_is_right, read_token
from parley_simulator.exchange import PASS, Answer, Call, Door, Pass
from parley_simulator.provisioning.errors import expired, refuse, refuse_on_order
from parley_simulator.world import World


def door() -> Door:
    """It has no regions, and its bodies are about nobody's phone."""
    return Door(api="provisioning", gate=_gate, refuse=refuse_on_order, numbers=lambda _: ())


def _gate(world: World, call: Call) -> Answer | Pass:
    if call.path.get("project_id") != world.app.project_id:
        return refuse("unauthorized_error")
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(world, call)
    claims = read_token(world, token) if scheme.lower() == "bearer" else Invalid()
    if isinstance(claims, Invalid):
        return refuse("unauthorized_error")
    return PASS if world.now().timestamp() < claims.exp else expired(world)


def _basic(world: World, call: Call) -> Answer | Pass:
    """Works, but is meant for trials: the low rate of the Conversation API, counted apart."""
    if not key_is_right(world, call.headers):
        return refuse("unauthorized_error")
    rate = world.settings.basic_per_second
    return PASS if world.within_rate("provisioning basic", max(rate, 1), rate) else refuse("too_many_requests")
