"""`GET /metrics`: counters of this process, in the form that Prometheus reads."""

from litestar import Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_MEDIA_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")
"""The framework says it of every text."""


@get("/metrics", summary="Counters for Prometheus", tags=["operation"])
async def metrics() -> Response[bytes]:
    """Names and numbers only: nothing about any customer."""
    return Response(generate_latest(), media_type=_MEDIA_TYPE)
