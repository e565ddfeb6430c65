"""Regions on one port: a Host such as `us.conversation.api.sinch.com` or `us1.localhost` asks for a region."""

LABELS = {"eu": "eu", "eu1": "eu", "us": "us", "us1": "us", "br": "br"}


def asked_region(headers: dict[str, str]) -> str:
    """The region in the Host header's first label; empty when it names none."""
    return LABELS.get(headers.get("host", "").partition(".")[0].lower(), "")
