"""A request to somebody else's server and its answer, as values: rules make the one and read the other."""

import msgspec


class HttpRequest(msgspec.Struct, frozen=True):
    """What goes over the wire, to the byte."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class HttpResponse(msgspec.Struct, frozen=True):
    """What came back. `headers` have lower-case names."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)
