"""Secrets at rest: encrypted with the installation's key, opened only where they go over the wire."""

from cryptography.fernet import Fernet, InvalidToken

from parley.domain.errors import ParleyError


class WrongKeyError(ParleyError):
    """A stored secret does not open with this PARLEY_SECRET_KEY. Start with the key it was stored under."""


class SecretBox:
    """Seals and opens texts (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(key)

    def seal(self, secret: str) -> bytes:
        """What may be stored."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Raises WrongKeyError."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise WrongKeyError from error
