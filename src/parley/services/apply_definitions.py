"""Presets, integrations, templates, scenarios, campaigns and consent categories as files: all of them or none, always
to the same result.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.ids import new_token
from parley.domain.settings import Settings, parse_settings
from parley.services.definition_links import (
    broken_links,
    differing_tiers,
    keyword_problems,
    left_without_sender,
    linked_of,
    setting_problems,
)
from parley.services.definitions import ProjectDefinitions, parsed
from parley.services.judge_anew import Rewritten, ask_to_judge_anew
from parley.services.look_at_templates import look_at_templates
from parley.services.read_definitions import ReadDefinition
from parley.services.registry import register, rejudge, unregister
from parley.services.secret_box import SecretBox, WrongKeyError
from parley.services.stopping import release_for_all
from parley.services.unknown_categories import unknown_categories
from parley.store.database import Connection, Database
from parley.store.definitions import (
    StoredDefinition,
    definitions_of,
    delete_stored,
    lock_project,
    put_definition,
    put_secret,
    secrets_of,
)
from parley.store.provider_templates import forget_copies
from parley.store.templates import forget_sender, look_everywhere, look_soon
from parley.templates import RuleSet, parse_template


class Happening(StrEnum):
    """What applying a file does."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Change(msgspec.Struct, frozen=True):
    """What a file comes to. `before` and `after` are readable JSON without secrets, for a diff."""

    path: str
    kind: str
    name: str
    happening: Happening
    before: str
    after: str
    callback_token: str | None = None
    """Of an integration: the end of the address where the provider has to call."""
    notes: tuple[str, ...] = ()
    """What is worth knowing: what the linter frowns at, a consent category that nobody has."""


async def apply_definitions(
    database: Database,
    box: SecretBox,
    project_id: UUID,
    read: Sequence[ReadDefinition],
    now: datetime,
    *,
    check: bool = False,
) -> tuple[Change, ...]:
    """With `check` nothing is written. Raises InvalidInputError for a name that nothing has."""
    return await database.run(partial(_apply, box=box, project_id=project_id, read=read, now=now, check=check))


async def _apply(
    connection: Connection,
    box: SecretBox,
    project_id: UUID,
    read: Sequence[ReadDefinition],
    now: datetime,
    *,
    check: bool,
) -> tuple[Change, ...]:
    await lock_project(connection, project_id)
    stored = {(one.kind, one.name): one for one in await definitions_of(connection, project_id)}
    sealed = await secrets_of(connection, project_id)
    rules = _rules_after(read, stored)
    together = _together(read, stored)
    _check_together(read, together)
    changes = [_change(box, one, stored.get((one.kind, one.name)), sealed) for one in read]
    changes = _with_unknown(_with_notes(read, changes, stored, rules), together)
    if not check:
        await _write(connection, box, project_id, list(zip(read, changes, strict=True)), now)
        refused = await _register(connection, project_id, changes, rules, now)
        changes = [_with_refused(one, refused) for one in changes]
        stored = {(one.kind, one.name): one for one in await definitions_of(connection, project_id)}
    tokens = {key: one.callback_token for key, one in stored.items()}
    return tuple(msgspec.structs.replace(one, callback_token=tokens.get((one.kind, one.name))) for one in changes)


async def delete_definition(database: Database, project_id: UUID, kind: str, name: str, now: datetime) -> bool:
    """False when there was none. Raises InvalidInputError when something still refers to it."""
    return await database.run(partial(_delete, project_id=project_id, kind=kind, name=name, now=now))


async def _delete(connection: Connection, project_id: UUID, kind: str, name: str, now: datetime) -> bool:
    await lock_project(connection, project_id)
    stored = {(one.kind, one.name): one for one in await definitions_of(connection, project_id)}
    gone = stored.pop((kind, name), None)
    if gone is None:
        return False
    left, is_account = parsed(list(stored.values())), kind == "integration"
    problems = [
        Problem(f"{of_kind} {linked.name}: {problem.field}", problem.sentence)
        for of_kind, linked in linked_of(left)
        for problem in (*broken_links(linked, left), *(left_without_sender(linked, left) if is_account else ()))
    ]
    if kind == "consent_category":
        problems += [Problem(f"settings: {one.field}", one.sentence) for one in setting_problems(left)]
    if problems:
        raise InvalidInputError(problems)
    await delete_stored(connection, project_id, kind, name)
    await ask_to_judge_anew(connection, project_id, Rewritten(kind, name, gone.body.decode(), after=""), now)
    if kind == "template":
        await unregister(connection, project_id, name, now)
    if kind == "integration":
        await forget_sender(connection, project_id, name)
        await forget_copies(connection, project_id, name)
    return True


def _together(read: Sequence[ReadDefinition], stored: Mapping[tuple[str, str], StoredDefinition]) -> ProjectDefinitions:
    """All that the project will have after this apply."""
    bodies = {key: one.body for key, one in stored.items()} | {(one.kind, one.name): one.body for one in read}
    return parsed([StoredDefinition(kind, name, 0, body, None) for (kind, name), body in bodies.items()])


def _check_together(read: Sequence[ReadDefinition], together: ProjectDefinitions) -> None:
    """What one file says of another: after this apply every name that is used must exist."""
    paths = {(one.kind, one.name): one.path for one in read}
    problems = [
        Problem(f"{paths[kind, linked.name]}: {problem.field}", problem.sentence)
        for kind, linked in linked_of(together)
        if (kind, linked.name) in paths
        for problem in broken_links(linked, together)
    ]
    problems += [
        Problem(f"{paths['integration', name]}: {problem.field}", problem.sentence)
        for name, problem in differing_tiers(together)
        if ("integration", name) in paths
    ]
    problems += keyword_problems(together, paths)
    if (path := paths.get(("settings", "project"))) is not None:
        problems += [Problem(f"{path}: {one.field}", one.sentence) for one in setting_problems(together)]
    if problems:
        raise InvalidInputError(problems)


def _with_notes(
    read: Sequence[ReadDefinition],
    changes: Sequence[Change],
    stored: Mapping[tuple[str, str], StoredDefinition],
    rules: RuleSet,
) -> list[Change]:
    """Only what is new or changed is judged: what was taken once stays taken."""
    new = [one for one, made in zip(read, changes, strict=True) if made.happening is not Happening.UNCHANGED]
    bodies = {key: one.body for key, one in stored.items()} | {(one.kind, one.name): one.body for one in read}
    notes = look_at_templates(new, [body for (kind, _), body in bodies.items() if kind == "template"], rules)
    return [
        msgspec.structs.replace(made, notes=notes.get(made.name, ())) if made.kind == "template" else made
        for made in changes
    ]


def _with_unknown(changes: Sequence[Change], together: ProjectDefinitions) -> list[Change]:
    unknown = unknown_categories(together)
    return [
        msgspec.structs.replace(made, notes=(*made.notes, *unknown.get((made.kind, made.name), ())))
        if made.happening is not Happening.UNCHANGED
        else made
        for made in changes
    ]


def _rules_after(read: Sequence[ReadDefinition], stored: Mapping[tuple[str, str], StoredDefinition]) -> RuleSet:
    """Which rule set the project has when this is applied."""
    said = next((one.body for one in read if one.kind == "settings"), None)
    known = stored.get(("settings", "project"))
    body = said or (known.body if known else None)
    return RuleSet(parse_settings(body).rules if body else Settings().rules)


def _change(
    box: SecretBox, one: ReadDefinition, before: StoredDefinition | None, sealed: Mapping[str, bytes]
) -> Change:
    after = one.body.decode()
    if before is None:
        happening = Happening.CREATED
    elif before.body == one.body and all(_is_same(box, sealed.get(name), told) for name, told in one.secrets.items()):
        happening = Happening.UNCHANGED
    else:
        happening = Happening.CHANGED
    return Change(one.path, one.kind, one.name, happening, before.body.decode() if before else "", after)


def _is_same(box: SecretBox, sealed: bytes | None, secret: str) -> bool:
    try:
        return sealed is not None and box.open(sealed) == secret
    except WrongKeyError:  # the key was lost: told again, it is sealed under the new one
        return False


async def _register(
    connection: Connection, project_id: UUID, changes: Sequence[Change], rules: RuleSet, now: datetime
) -> list[str]:
    """Templates enter the registry; those that were judged by other rules are judged anew, and told if refused now."""
    for one in changes:
        if one.kind == "template" and one.happening is not Happening.UNCHANGED:
            before = parse_template(one.before.encode()) if one.before else None
            written = (before, parse_template(one.after.encode()))
            await register(connection, project_id, one.name, written, rules, now)
            await look_everywhere(connection, project_id, now)
    return await rejudge(connection, project_id, rules)


def _with_refused(change: Change, refused: Sequence[str]) -> Change:
    if change.kind != "settings" or not refused:
        return change
    notes = [f"warn: rules: messages of {name} are refused by these rules from now on." for name in refused]
    return msgspec.structs.replace(change, notes=(*change.notes, *notes))


async def _write(
    connection: Connection,
    box: SecretBox,
    project_id: UUID,
    changes: Sequence[tuple[ReadDefinition, Change]],
    now: datetime,
) -> None:
    new = [(one, change) for one, change in changes if change.happening is not Happening.UNCHANGED]
    for one, change in new:
        for reference, secret in one.secrets.items():
            await put_secret(connection, project_id, reference, box.seal(secret), now)
        if one.kind == "template":
            await release_for_all(connection, project_id, one.name, now)  # it says something new: tried afresh
        if one.kind == "integration":
            await look_soon(connection, project_id, one.name, now)  # it may know templates
        rewritten = Rewritten(one.kind, one.name, change.before, change.after)
        await ask_to_judge_anew(connection, project_id, rewritten, now)
        token = new_token() if one.kind == "integration" else None
        await put_definition(connection, project_id, StoredDefinition(one.kind, one.name, 0, one.body, token), now)
