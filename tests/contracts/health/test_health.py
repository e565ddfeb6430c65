"""Alive is one thing, ready another."""

import asyncio

import psycopg
import requests

from parley.services.create_project import create_project
from parley.store.database import CONNECTIONS, open_database
from parley.store.migrate import migrate
from tests.support.api import ProjectApi
from tests.support.builders import NOW
from tests.support.serving import app_on, served


async def asked(url: str) -> requests.Response:
    """In a thread: the server lives in this loop."""
    return await asyncio.to_thread(requests.get, url, headers={"Connection": "close"}, timeout=20)


async def test_a_migrated_database_is_ready(api_url: str) -> None:
    assert (await asked(f"{api_url}/health")).json() == {"status": "alive"}
    answer = await asked(f"{api_url}/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_the_bare_address_says_what_answers_and_where_to_go_on(api_url: str) -> None:
    told = (await asked(f"{api_url}/")).json()
    assert told["what"].startswith("Parley")
    for path in told["links"].values():
        assert (await asked(f"{api_url}{path}")).status_code == 200, path


async def test_it_is_alive_but_not_ready_before_migrations(empty_url: str) -> None:
    async with open_database(empty_url) as database, app_on(database, empty_url) as app, served(app) as url:
        assert (await asked(f"{url}/health")).status_code == 200
        answer = await asked(f"{url}/ready")
        assert answer.status_code == 503
        assert "parley migrate" in answer.json()["reason"]
        await asyncio.to_thread(migrate, empty_url)
        assert (await asked(f"{url}/ready")).status_code == 200


async def test_a_schema_of_a_newer_parley_is_told(empty_url: str) -> None:
    migrate(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)"
            " VALUES ('x', '9999.later', now())"
        )
    async with open_database(empty_url) as database, app_on(database, empty_url) as app, served(app) as url:
        answer = await asked(f"{url}/ready")
    assert answer.status_code == 503
    assert "newer Parley" in answer.json()["reason"]


async def test_a_database_that_is_gone_is_told_and_clients_are_asked_to_come_again(
    database_url: str, empty_url: str
) -> None:
    migrate(empty_url)
    name = empty_url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    async with open_database(empty_url) as database, app_on(database, empty_url) as app, served(app) as url:
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            ready = await asked(f"{url}/ready")
            tracking = await asked(f"{url}/track/v2/projects/any/system/time")
            admin.execute(f"CREATE DATABASE {name}".encode())
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    assert (tracking.status_code, tracking.json()["success"]) == (503, False)
    assert tracking.headers["Retry-After"]


async def test_connections_that_were_cut_are_replaced(empty_url: str) -> None:
    migrate(empty_url)
    async with open_database(empty_url) as database, app_on(database, empty_url) as app, served(app) as url:
        project = await create_project(database, "Shop", NOW)
        api = ProjectApi(url, project, project.public_key)
        event = {"customer_ids": {"registered": "jana"}, "event_type": "view", "event_id": "once"}
        before = [(await api.post("track/customers/events", event)).status for _ in range(2)]
        with psycopg.connect(empty_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'parley'"
            )
        after = [(await api.post("track/customers/events", event)).status for _ in range(CONNECTIONS + 1)]
        async with database.connection() as connection:
            events = await connection.fetchval("SELECT count(*) FROM events")
    assert before == [200, 200]
    assert set(after) <= {200, 503}
    assert after[-1] == 200
    assert events == 1
