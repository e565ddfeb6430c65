"""Where something may be posted to or fetched from."""

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """The host of an http address, without its port; empty for everything that is none."""
    try:
        address = urlsplit(url)
    except ValueError:  # such as a bracket that is never closed
        return ""
    return (address.hostname or "") if address.scheme in {"http", "https"} else ""
