"""Who may do what: roles, permissions and keys. Pure rules; the keys themselves are kept by the store."""

from parley.access.keys import NewKey, StoredKey, is_secret, new_private_key, new_public_key
from parley.access.roles import ROLES, Permission, Role, is_at_least, may

__all__ = [
    "ROLES",
    "NewKey",
    "Permission",
    "Role",
    "StoredKey",
    "is_at_least",
    "is_secret",
    "may",
    "new_private_key",
    "new_public_key",
]
