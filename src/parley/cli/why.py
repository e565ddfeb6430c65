"""`parley why`: why a message was or was not sent."""

from collections.abc import Iterator
from typing import Any

import msgspec
from cyclopts import App

from parley.cli.moments import utc
from parley.cli.options import AnyProject, AsJson, DataDir
from parley.cli.running import project_of, run
from parley.domain.phone import as_dialled
from parley.house import House
from parley.policy import Retaken
from parley.services.explain_message import Explanation, explain_message
from parley.services.list_messages import WaitsFor

app = App(name="why", help="Why a message was or was not sent.")
_OUTCOMES = {"same": "the same verdict", "different": "another verdict", "unreadable": "not possible"}
_MARKS = {"allow": "yes", "deny": "no", "defer": "later"}


@app.default
def why(message_id: str, *, project: AnyProject = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """MESSAGE_ID is ours or the provider's; a campaign event holds both."""

    async def do(house: House) -> Explanation:
        found = await project_of(house, project) if project else None
        return await explain_message(house.database, message_id, house.clock(), found.id if found else None)

    found = run(data_dir, do)
    print(msgspec.json.encode(found).decode() if as_json else "\n".join(story(found)))


def story(found: Explanation) -> Iterator[str]:
    """As people read it."""
    message = found.message
    yield from _head(found)
    for step, title in (("planned", "Decided when it was planned"), ("wire", "Decided again before it left")):
        if step in message.decision:
            yield from _decision(title, message.decision[step])
            yield from _again(found.retaken[step])
    yield from _looked(message.decision.get("looked"))
    yield from _costs(found)
    yield "\nWhat happened to it"
    for state in found.states:
        left = f" (left at {state.left_at:%H:%M:%S})" if state.left_at else ""
        said = f"  {state.code}: {state.sentence}" if state.code else ""
        yield f"  {utc(state.at)} {state.state}{left}{said}"
    if found.steps:
        yield f"\nThe journey that asked for it ({message.origin.get('scenario_title')})"
        for step_taken in found.steps:
            yield f"  {utc(step_taken.at)} {step_taken.node}: {step_taken.what}"


def _head(found: Explanation) -> Iterator[str]:
    message = found.message
    yield f"{message.kind} {message.id} to {as_dialled(message.recipient or 'nobody')}: {message.state}"
    yield f"  preset {message.content['preset']}, sender {message.integration or 'none'}"
    if message.provider_message_id:
        yield f"  the provider's id: {message.provider_message_id}"
    code, sentence = found.reason
    if sentence:
        yield f"  {code}: {sentence}"
    if found.waits and (found.waits.code, found.waits.sentence) != found.reason:
        yield f"  now: {_told(found.waits)}"
    if found.remedy:
        yield f"  {found.remedy}"
    if found.in_place_of:
        yield f"  in place of the free text {found.in_place_of}, which WhatsApp found outside the window"
    if found.followed_by:
        yield f"  its template was planned in its place: {found.followed_by}"


def _told(waits: WaitsFor) -> str:
    until = f" (until {utc(waits.until)})" if waits.until else ""
    return ": ".join(filter(None, (waits.code, waits.sentence))) + until


def _again(retaken: Retaken) -> Iterator[str]:
    """What today's rules make of it."""
    if retaken.outcome != "no_rule":
        yield f"  taken again from what was stored: {_OUTCOMES[retaken.outcome]}"
        yield from (f"        {one}" for one in retaken.differences)


def _looked(looked: dict[str, Any] | None) -> Iterator[str]:
    if looked:
        yield f"\nWhether the provider has it ({looked['at']}, look {looked['times']}): {looked['sentence']}"


def _costs(found: Explanation) -> Iterator[str]:
    quote = found.message.quote
    if quote is None:
        return
    amount = quote.get("amount")
    estimate = "not known" if amount is None else f"{quote['currency']} {amount}"
    yield f"\nWhat it costs: {quote['category']} in {quote['market']}, estimated {estimate} ({quote['why']})"
    if quote.get("saved"):
        yield f"  free text in place of the template saved {quote['currency']} {quote['saved']}"
    for entry in found.costs:
        sums = f"reserved {entry.reserved:+f}, spent {entry.spent:+f}" if entry.known else "spent: not known"
        yield f"  {utc(entry.at)} {entry.kind}: {entry.currency} {sums} ({entry.why})"


def _decision(title: str, decision: dict[str, Any]) -> Iterator[str]:
    verdict = decision["verdict"]
    yield f"\n{title} ({decision['at']}, rules of {decision['version']}): {_MARKS[verdict['verdict']]}"
    for asked in decision["asked"] or [{"rule": "personalisation", "verdict": verdict}]:
        said = asked["verdict"]
        evidence = ", ".join(f"{name} {_shown(name, value)}" for name, value in said["evidence"].items())
        yield f"  {_MARKS[said['verdict']]:5} {asked['rule']}  {evidence}"
        if "sentence" in said:
            yield f"        {said['code']}: {said['sentence']}"
        if said.get("remedy"):
            yield f"        {said['remedy']}"


def _shown(name: str, value: object) -> object:
    return as_dialled(value) if name == "recipient" and isinstance(value, str) else value
