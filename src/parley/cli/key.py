"""`parley key`: create, list and revoke a project's keys."""

import msgspec
from cyclopts import App

from parley.access import Role, new_private_key, new_public_key
from parley.cli.options import AsJson, DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.domain.errors import ParleyError
from parley.house import House
from parley.store.projects import insert_key, keys_of_project, revoke_key

app = App(name="key", help="Create, list and revoke a project's keys.")


class NoSuchKeyError(ParleyError):
    """The project has no living key of that id. `parley key list` shows them."""


@app.command
def create(role: Role, *, project: ProjectToken, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """A private key of a role, or a public key (role public). Its secret is shown this one time."""

    async def do(house: House) -> dict[str, str]:
        found = await project_of(house, project)
        made = None if role is Role.PUBLIC else new_private_key(found.id, role)
        stored = made.stored if made else new_public_key(found.id)
        async with house.database.transaction() as connection:
            await insert_key(connection, stored, house.clock())
        return {"key_id": stored.key_id} | ({"key_secret": made.key_secret} if made else {})

    told = run(data_dir, do)
    print(
        msgspec.json.encode(told).decode() if as_json else "\n".join(f"{name} {value}" for name, value in told.items())
    )


@app.command(name="list")
def list_keys(*, project: ProjectToken, data_dir: DataDir = None) -> None:
    """Id, role and age of every key; never a secret."""

    async def do(house: House) -> list[str]:
        found = await project_of(house, project)
        async with house.database.connection() as connection:
            keys = await keys_of_project(connection, found.id)
        return [
            f"{key.key_id}  {key.role:7} since {key.created_at:%Y-%m-%d}{'  revoked' if key.revoked_at else ''}"
            for key in keys
        ]

    print("\n".join(run(data_dir, do)))


@app.command
def revoke(key_id: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """From now on the key opens nothing; a running server may know it for a few seconds more."""

    async def do(house: House) -> None:
        found = await project_of(house, project)
        async with house.database.transaction() as connection:
            if not await revoke_key(connection, found.id, key_id, house.clock()):
                raise NoSuchKeyError  # a mistyped id must not look like a key that is safe now

    run(data_dir, do)
    print("revoked")
