"""`parley migrate`: bring the database to this version's schema."""

from cyclopts import App

from parley.cli.options import DataDir
from parley.config import read_config
from parley.house import database_server
from parley.store.migrate import migrate as run_migrations

app = App(name="migrate", help="Bring the database to this version's schema (serve and worker do it too).")


@app.default
def migrate(*, data_dir: DataDir = None) -> None:
    """Safe to run at any time, from several machines at once."""
    with database_server(read_config(data_dir)) as (url, _):
        applied = run_migrations(url)
    print("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")
