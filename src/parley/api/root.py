"""`GET /`: what answers here, for somebody who has only the address."""

from litestar import get

from parley import __version__

LINKS = {"alive": "/health", "ready": "/ready", "metrics": "/metrics", "api": "/schema/openapi.json"}


@get("/", include_in_schema=False)
async def root() -> dict[str, object]:
    """No secret, and nothing about any project."""
    what = "Parley, an open self-hosted WhatsApp engagement server."
    return {"what": what, "version": __version__, "links": LINKS}
