"""A PostgreSQL of the operator's own that cannot be used: told in a sentence, with what to do, and left as it is."""

from collections.abc import Iterator

import psycopg
import pytest

from parley.store.migrate import DatabaseUnfitError, migrate, pending


@pytest.fixture
def clerk_url(database_url: str, empty_url: str) -> Iterator[str]:
    """The empty database, to a user who owns nothing in it."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE clerk LOGIN")
        yield empty_url.replace("//postgres@", "//clerk@")
        with psycopg.connect(empty_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY clerk")
        admin.execute("DROP ROLE clerk")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_another_encoding_is_refused(database_url: str, encoding: str) -> None:
    name = f"health_{encoding.lower()}"
    with psycopg.connect(database_url, autocommit=True) as admin:
        made = f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        admin.execute(made.encode())
        with pytest.raises(DatabaseUnfitError, match=rf"{name} keeps its text as {encoding}.*ENCODING 'UTF8'"):
            migrate(database_url.replace("/postgres?", f"/{name}?"))
        admin.execute(f"DROP DATABASE {name}".encode())


def test_who_may_make_no_tables_is_told_and_helped(empty_url: str, clerk_url: str) -> None:
    with pytest.raises(DatabaseUnfitError, match="clerk may not make tables in schema public"):
        migrate(clerk_url)
    _follow_the_advice(empty_url, clerk_url, "GRANT CREATE ON SCHEMA public TO clerk")


def test_where_there_is_no_schema_it_is_told_and_helped(empty_url: str, clerk_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public")
    with pytest.raises(DatabaseUnfitError, match="clerk may not make tables in any schema that it sees"):
        migrate(clerk_url)
    _follow_the_advice(empty_url, clerk_url, "CREATE SCHEMA AUTHORIZATION clerk")


def test_names_are_quoted_where_sql_wants_it(empty_url: str, clerk_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "my-shop"')
        connection.execute('GRANT USAGE ON SCHEMA "my-shop" TO clerk')
        connection.execute('ALTER ROLE clerk SET search_path = "my-shop"')
    _follow_the_advice(empty_url, clerk_url, 'GRANT CREATE ON SCHEMA "my-shop" TO clerk')


def _follow_the_advice(empty_url: str, clerk_url: str, advice: str) -> None:
    """It does not stop at being right."""
    with pytest.raises(DatabaseUnfitError) as told:
        migrate(clerk_url)
    said = str(told.value).rpartition(": ")[2]
    assert said == f"{advice};"
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(said.encode())
    assert migrate(clerk_url)


def test_tables_of_another_user_are_told(empty_url: str, clerk_url: str) -> None:
    migrate(empty_url)
    with pytest.raises(DatabaseUnfitError, match="belong to another user than clerk"):
        migrate(clerk_url)


def test_who_may_use_anothers_tables_needs_no_more_until_they_change(empty_url: str, clerk_url: str) -> None:
    migrate(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
        assert migrate(clerk_url) == []
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id LIKE '0032.%'")
    with pytest.raises(DatabaseUnfitError, match="belong to another user than clerk"):
        migrate(clerk_url)
    assert len(pending(clerk_url)) == 1


def test_the_owner_of_the_database_needs_nothing_else(database_url: str, empty_url: str, clerk_url: str) -> None:
    """What the documentation asks for."""
    name = empty_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} OWNER TO clerk".encode())
        assert migrate(clerk_url)
        admin.execute(f"ALTER DATABASE {name} OWNER TO postgres".encode())
