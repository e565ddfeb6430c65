"""Roles and what each may do: one literal table."""

from enum import StrEnum


class Role(StrEnum):
    """The higher may do all that the lower may, except that a public key stands apart."""

    OWNER = "owner"
    ADMIN = "admin"
    """Project admin: the one who may connect an inbound integration (seed page)."""
    EDITOR = "editor"
    VIEWER = "viewer"
    PUBLIC = "public"
    """A key that stands in web pages: tracking and consent categories, nothing that reads a customer."""


class Permission(StrEnum):
    """One thing that can be allowed."""

    TRACK = "track customers and events"
    READ_CONSENT_CATEGORIES = "read consent categories"
    READ_CUSTOMERS = "read customers and events"
    EXPORT_CUSTOMERS = "export customers"
    ANONYMIZE_CUSTOMERS = "anonymize customers"
    READ_CATALOGS = "read catalogs"
    WRITE_CATALOGS = "write catalogs"
    READ_DEFINITIONS = "read presets, templates and scenarios"
    WRITE_CONSENTS = "write consents and the suppression list"
    WRITE_DEFINITIONS = "write presets, templates and scenarios"
    SEND_MESSAGES = "send messages"
    MANAGE_INTEGRATIONS = "manage integrations and their secrets"
    MANAGE_KEYS = "manage keys"
    MANAGE_PROJECT = "rename, close and delete the project"


_PUBLIC = frozenset({Permission.TRACK, Permission.READ_CONSENT_CATEGORIES})
_VIEWER = frozenset(
    {
        Permission.READ_CONSENT_CATEGORIES,
        Permission.READ_CUSTOMERS,
        Permission.READ_CATALOGS,
        Permission.READ_DEFINITIONS,
    }
)
_EDITOR = _VIEWER | {
    Permission.TRACK,
    Permission.WRITE_CATALOGS,
    Permission.WRITE_CONSENTS,
    Permission.WRITE_DEFINITIONS,
    Permission.SEND_MESSAGES,
}
_ADMIN = _EDITOR | {
    Permission.EXPORT_CUSTOMERS,
    Permission.ANONYMIZE_CUSTOMERS,
    Permission.MANAGE_INTEGRATIONS,
    Permission.MANAGE_KEYS,
}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: _ADMIN,
    Role.EDITOR: _EDITOR,
    Role.VIEWER: _VIEWER,
    Role.PUBLIC: _PUBLIC,
}

_RANKS = {Role.PUBLIC: 0, Role.VIEWER: 1, Role.EDITOR: 2, Role.ADMIN: 3, Role.OWNER: 4}


def may(role: Role, permission: Permission) -> bool:
    """Does the table allow it?"""
    return permission in ROLES[role]


def is_at_least(role: Role, lowest: Role) -> bool:
    """`is_at_least(role, Role.ADMIN)`: project admin or higher."""
    return _RANKS[role] >= _RANKS[lowest]
