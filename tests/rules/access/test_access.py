"""Roles, permissions and keys."""

from itertools import pairwise

import pytest

from parley.access import ROLES, Permission, Role, is_at_least, is_secret, may, new_private_key, new_public_key
from parley.domain.ids import new_id

LADDER = [Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER]


def test_every_role_may_do_what_the_lower_may() -> None:
    for lower, higher in pairwise(LADDER):
        assert ROLES[lower] < ROLES[higher]


def test_every_role_is_in_the_table() -> None:
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_only_a_project_admin_or_higher_connects_an_integration(role: Role) -> None:
    assert may(role, Permission.MANAGE_INTEGRATIONS) == is_at_least(role, Role.ADMIN)


def test_a_public_key_reads_no_customer() -> None:
    assert ROLES[Role.PUBLIC] == {Permission.TRACK, Permission.READ_CONSENT_CATEGORIES}


def test_a_secret_opens_its_own_key_only() -> None:
    first, second = new_private_key(new_id(), Role.ADMIN), new_private_key(new_id(), Role.ADMIN)
    assert is_secret(first.stored, first.key_secret)
    assert not is_secret(first.stored, second.key_secret)
    assert not is_secret(first.stored, "")


def test_a_key_can_be_named_on_the_command_line() -> None:
    """`parley key revoke -x…` would be read as an option."""
    keys = [new_private_key(new_id(), Role.EDITOR).key_id, new_public_key(new_id()).key_id]
    assert all(key.isalnum() for key in keys)


def test_a_stored_key_does_not_hold_the_secret() -> None:
    key = new_private_key(new_id(), Role.ADMIN)
    assert key.key_secret not in repr(key.stored)
    assert key.stored.visibility == "private"


def test_nothing_is_the_secret_of_a_public_key() -> None:
    key = new_public_key(new_id())
    assert key.visibility == "public"
    assert not is_secret(key, "")
