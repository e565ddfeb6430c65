"""Who may come in: `Authorization: Basic` with a private key, `Token` with a public one."""

import binascii
from base64 import b64decode
from typing import Any

from litestar import Request

from parley.access import Permission
from parley.api.errors import ApiError
from parley.domain.project import Project
from parley.services.callers import Caller, Callers, Credentials, UnknownKey, UnknownProject

NOT_AUTHORIZED = {
    Permission.TRACK: "not authorized to update specified customer properties",
    Permission.READ_CUSTOMERS: "not authorized to read customers",
    Permission.EXPORT_CUSTOMERS: "not authorized to export customers",
    Permission.ANONYMIZE_CUSTOMERS: "not authorized to anonymize customers",
}


async def admit(request: Request[Any, Any, Any], token: str, permission: Permission) -> Caller:
    """The caller, or ApiError: 404 for the project, 401 for the key, 403 for what the key may not do."""
    callers: Callers = request.app.state.callers
    credentials = read_authorization(request.headers.get("authorization"))
    match await callers.identify(token, credentials or Credentials("")):
        case UnknownProject():
            raise _unknown_project()
        case UnknownKey():
            raise ApiError(401, {"success": False, "error": _unknown_key(request.headers.get("authorization"))})
        case Caller() as caller:
            if not caller.may(permission):
                raise _forbidden(permission)
            return caller


async def admit_by_key(request: Request[Any, Any, Any], permission: Permission) -> Caller:
    """As `admit`, where the address names no project: the key's own."""
    callers: Callers = request.app.state.callers
    header = request.headers.get("authorization")
    caller = await callers.by_key(read_authorization(header) or Credentials(""))
    if caller is None:
        raise ApiError(401, {"success": False, "error": _unknown_key(header)})
    if not caller.may(permission):
        raise _forbidden(permission)
    return caller


async def admit_anybody(request: Request[Any, Any, Any], token: str) -> Project:
    """Only the project must exist."""
    callers: Callers = request.app.state.callers
    project = await callers.project(token)
    if project is None:
        raise _unknown_project()
    return project


def read_authorization(header: str | None) -> Credentials | None:
    """The scheme counts in any case: PHP clients write `basic`."""
    scheme, _, rest = (header or "").strip().partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(rest.strip())
        case "token":
            return Credentials(rest.strip())
        case _:
            return None


def _basic(encoded: str) -> Credentials | None:
    try:
        key_id, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Credentials(key_id, secret) if colon else None


def _unknown_key(header: str | None) -> str:
    if header is None:
        return "access key missing: send Authorization: Basic (private key) or Token (public key)"
    return "access key not found"


def _forbidden(permission: Permission) -> ApiError:
    sentence = NOT_AUTHORIZED.get(permission, f"not authorized to {permission.value}")
    return ApiError(403, {"success": False, "errors": [sentence]})


def _unknown_project() -> ApiError:
    return ApiError(404, {"success": False, "errors": {"_global": ["Project does not exist"]}})
