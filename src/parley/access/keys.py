"""API keys. A private key is an id and a secret (HTTP Basic); a public key is an id alone (`Token`).

The secret is 256 random bits, so there is nothing to guess and SHA-256 is enough; only the hash is kept.
"""

from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

import msgspec

from parley.access.roles import Role
from parley.domain.ids import new_token


class StoredKey(msgspec.Struct, frozen=True):
    """A key as kept. A public key has no secret."""

    key_id: str
    project_id: UUID
    role: Role
    secret_hash: bytes | None = None

    @property
    def visibility(self) -> str:
        """`private` or `public`."""
        return "public" if self.secret_hash is None else "private"


class NewKey(msgspec.Struct, frozen=True):
    """A key as given to its owner: the one time that the secret is seen."""

    key_id: str
    key_secret: str
    stored: StoredKey


def new_private_key(project_id: UUID, role: Role) -> NewKey:
    """A key for HTTP Basic."""
    key_id, secret = new_token(), new_token()
    return NewKey(key_id, secret, StoredKey(key_id, project_id, role, _hash(secret)))


def new_public_key(project_id: UUID) -> StoredKey:
    """A key for web pages and apps: its id is all there is."""
    return StoredKey(new_token(), project_id, Role.PUBLIC)


def is_secret(key: StoredKey, secret: str) -> bool:
    """Compares in constant time. Nothing is the secret of a public key."""
    return key.secret_hash is not None and compare_digest(key.secret_hash, _hash(secret))


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
