"""A server that is started with another key says so before it takes work, and a lost key is no dead end."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from parley.services.check_key import check_key
from parley.services.secret_box import SecretBox, WrongKeyError
from tests.walks.walk import LEGACY, Walk


async def test_another_key_is_found_out_until_the_secrets_are_stored_under_it(walk: Walk) -> None:
    other = SecretBox(Fernet.generate_key().decode())
    await check_key(walk.database, walk.box)
    with pytest.raises(WrongKeyError, match="parley apply"):
        await check_key(walk.database, other)
    walk.box = other
    walk.now += timedelta(minutes=1)
    (again,) = await walk.apply(LEGACY)
    assert again.happening == "changed"
    await check_key(walk.database, other)
    (once_more,) = await walk.apply(LEGACY)
    assert once_more.happening == "unchanged"
