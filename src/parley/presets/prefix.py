"""Is an address under a prefix? Scheme, server and port exactly, the path by whole segments."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

_PORTS = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_MOST_DECODINGS = 5


METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def method_fault(method: str) -> str | None:
    """Why nothing is sent by this method; None when it is fine."""
    return None if method in METHODS else f"{method[:20]!r} is not one of {', '.join(sorted(METHODS))}"


def url_fault(url: str) -> str | None:
    """Why `url` is not sent to by anybody; None when it is fine. No credentials, no `..`, nothing invisible."""
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        return "the address holds spaces, backslashes or letters that must be percent-encoded"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "this is not an address"
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return "the address must begin with https:// (or http://) and a server's name"
    if "@" in parts.netloc:
        return "the address must not hold a user name or password"
    if any(segment in {".", ".."} for segment in _segments(_decoded(parts.path))):
        return "the address must not hold . or .. as a part of its path"
    return None


def is_under(url: str, prefix: str) -> bool:
    """`https://a/v1` allows itself and `https://a/v1/send`; not `/v1x`, `/v2`, `/v1/../v2` nor another server."""
    if url_fault(url) or url_fault(prefix):
        return False
    mine, theirs = urlsplit(url), urlsplit(prefix)
    wanted = theirs.path.rstrip("/").split("/")
    return _server(mine) == _server(theirs) and mine.path.rstrip("/").split("/")[: len(wanted)] == wanted


def _server(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _decoded(path: str) -> str:
    """Until it no longer changes: a proxy on the way may decode once more than the server."""
    for _ in range(_MOST_DECODINGS):
        once = unquote(path)
        if once == path:
            return path
        path = once
    return "/../"  # still changing: nobody honest writes this


def _segments(path: str) -> list[str]:
    return [segment.partition(";")[0] for segment in re.split(r"[/\\]", path)]
