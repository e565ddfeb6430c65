"""Ids and buckets. A bucket (0-63) is the unit of ordering and of placement: docs/house.md, decision 4.

The bucket of a customer is written into the last six bits of the customer's id, and into those of every id that
belongs to the customer, so whoever holds an id knows where its row lives.
"""

import secrets
from hashlib import blake2b
from uuid import UUID

import uuid_utils

BUCKETS = 64
_BUCKET_MASK = BUCKETS - 1


def new_id() -> UUID:
    """A time-ordered id (UUID version 7, RFC 9562) with a random bucket."""
    return UUID(int=uuid_utils.uuid7().int)


def new_id_in(bucket: int) -> UUID:
    """A time-ordered id that belongs to `bucket`."""
    return UUID(int=(uuid_utils.uuid7().int & ~_BUCKET_MASK) | bucket)


def bucket_of(ident: UUID) -> int:
    """The bucket that is written into an id."""
    return ident.int & _BUCKET_MASK


def bucket_of_text(text: str) -> int:
    """The bucket of something that has no id of ours: an address, a provider's message id."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] & _BUCKET_MASK


def new_token() -> str:
    """An unguessable text for URLs and keys: 256 bits. Hex, for a key's id is also a word on the command line, where a
    leading hyphen would make an option of it.
    """
    return secrets.token_hex(32)


def new_project_token() -> str:
    """What stands in every address of a project's API: a random UUID, as Exponea's clients expect one."""
    return str(UUID(bytes=secrets.token_bytes(16), version=4))
