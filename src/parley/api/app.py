"""The application: all doors behind one server."""

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from parley import __version__
from parley.api import campaigns, catalogs, data, health, management, metrics, releases, tracking
from parley.api.callbacks import callbacks_door
from parley.api.errors import EXCEPTION_HANDLERS
from parley.api.reading import LARGEST_MESSAGE
from parley.domain.clock import Clock
from parley.services.callback_intake import CallbackIntake
from parley.services.callers import Callers
from parley.services.secret_box import SecretBox
from parley.store.database import Database

DOORS: tuple[ControllerRouterHandler, ...] = (
    health.health,
    health.ready,
    metrics.metrics,
    tracking.router,
    data.router,
    catalogs.router,
    management.router,
    campaigns.router,
    releases.router,
)
"""Doors that find all they need in `request.app.state`."""


def create_app(
    *, database: Database, database_url: str, clock: Clock, box: SecretBox, intake: CallbackIntake
) -> Litestar:
    """The API, with an intake that is at work."""
    return Litestar(
        route_handlers=[*DOORS, callbacks_door(intake)],
        state=State(
            {
                "database": database,
                "database_url": database_url,
                "clock": clock,
                "box": box,
                "callers": Callers(database, clock),
            }
        ),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=LARGEST_MESSAGE,
        cors_config=CORSConfig(allow_origins=["*"], allow_methods=["GET", "POST"]),  # web pages track with a public key
        openapi_config=OpenAPIConfig(title="Parley", version=__version__, render_plugins=[JsonRenderPlugin()]),
    )
