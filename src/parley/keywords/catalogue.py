"""The auto-responses that are shipped: stop, start, help, confirm_consent."""

from functools import cache
from importlib.resources import files

from parley.keywords.auto_response import AutoResponse, parse_auto_response


@cache
def shipped() -> dict[str, AutoResponse]:
    """By name. Read once; treat as read-only."""
    folder = files("parley.keywords").joinpath("shipped")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    responses = [parse_auto_response(file.read_bytes(), {}) for file in found]
    return {response.name: response for response in responses}
