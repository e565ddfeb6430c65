"""The application: all doors behind one server."""

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, ControllerRouterHandler

from parley import __version__
from parley.api import (
    callback_problems,
    campaigns,
    catalogs,
    confirm,
    consent_import,
    consents,
    costs,
    data,
    health,
    management,
    messages,
    metrics,
    policy,
    releases,
    root,
    suppressions,
    templates,
    tracking,
)
from parley.api.callbacks import with_callbacks_door
from parley.api.errors import EXCEPTION_HANDLERS
from parley.api.known_parameters import only_known_parameters
from parley.api.reading import LARGEST_MESSAGE
from parley.domain.clock import Clock
from parley.services.callback_intake import CallbackIntake
from parley.services.callers import Callers
from parley.services.secret_box import SecretBox
from parley.services.track_together import TrackTogether
from parley.store.database import Database

MANAGEMENT = Router(
    "/",
    route_handlers=[
        management.router,
        campaigns.router,
        messages.router,
        costs.router,
        policy.router,
        consents.router,
        consent_import.router,
        templates.router,
        releases.router,
        suppressions.router,
        callback_problems.router,
    ],
    before_request=only_known_parameters,
)
"""`/api/v1`."""
DOORS: tuple[ControllerRouterHandler, ...] = (
    root.root,
    health.health,
    health.ready,
    metrics.metrics,
    tracking.router,
    data.router,
    catalogs.router,
    MANAGEMENT,
    confirm.look,
    confirm.confirm,
    confirm.miss,
)
"""Doors that find all they need in `request.app.state`."""


def create_app(
    *, database: Database, database_url: str, clock: Clock, box: SecretBox, intake: CallbackIntake
) -> ASGIApp:
    """The API, with an intake that is at work."""
    framework = Litestar(
        route_handlers=DOORS,
        state=State(
            {
                "database": database,
                "database_url": database_url,
                "clock": clock,
                "box": box,
                "callers": Callers(database, clock),
                "tracking": TrackTogether(database),
            }
        ),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=LARGEST_MESSAGE,
        cors_config=CORSConfig(allow_origins=["*"], allow_methods=["GET", "POST"]),  # web pages track with a public key
        openapi_config=OpenAPIConfig(title="Parley", version=__version__, render_plugins=[JsonRenderPlugin()]),
    )
    return with_callbacks_door(intake, framework)
