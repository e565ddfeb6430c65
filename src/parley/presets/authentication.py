"""Who we are to the other server. Credentials go only to addresses under the endpoint prefix."""

from base64 import b64encode
from collections.abc import Iterator

import msgspec


class _Authentication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that may hold `[[ parameters ]]`: (field, text)."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str):
                yield name, value
            elif isinstance(value, dict):
                yield from ((f"{name}.{key}", text) for key, text in value.items())


class NoAuthentication(_Authentication, frozen=True, tag="none"):
    """Nothing is added."""

    endpoint_prefix: str = ""


class Basic(_Authentication, frozen=True, tag="basic"):
    """RFC 7617."""

    endpoint_prefix: str
    username: str
    password: str


class Bearer(_Authentication, frozen=True, tag="bearer"):
    """RFC 6750."""

    endpoint_prefix: str
    token: str


class Headers(_Authentication, frozen=True, tag="headers"):
    """Any headers, for API keys."""

    endpoint_prefix: str
    headers: dict[str, str]


class OAuth2(_Authentication, frozen=True, tag="oauth2"):
    """Client credentials (RFC 6749, 4.4): somebody with a network fetches the token."""

    endpoint_prefix: str
    token_url: str
    key_id: str
    key_secret: str
    scope: str = ""


Authentication = NoAuthentication | Basic | Bearer | Headers | OAuth2


class OAuth2Grant(msgspec.Struct, frozen=True):
    """What is needed to fetch a token: POST `token_url` with HTTP Basic and grant_type=client_credentials."""

    token_url: str
    key_id: str
    key_secret: str
    scope: str = ""


def credential_headers(kind: Authentication, texts: dict[str, str]) -> list[tuple[str, str]]:
    """The headers of an authentication whose texts are filled in (by field, as `texts` yields them)."""
    match kind:
        case Basic():
            pair = f"{texts['username']}:{texts['password']}".encode()
            return [("Authorization", f"Basic {b64encode(pair).decode()}")]
        case Bearer():
            return [("Authorization", f"Bearer {texts['token']}")]
        case Headers():
            return [(name, texts[f"headers.{name}"]) for name in kind.headers]
        case NoAuthentication() | OAuth2():
            return []


def grant_of(kind: Authentication, texts: dict[str, str]) -> OAuth2Grant | None:
    """The marker that a token must be fetched and put in before the request leaves."""
    if not isinstance(kind, OAuth2):
        return None
    return OAuth2Grant(texts["token_url"], texts["key_id"], texts["key_secret"], texts["scope"])
