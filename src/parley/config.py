"""Reads the environment, once. Nobody else looks at it."""

import base64
import contextlib
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet

from parley.domain.errors import ParleyError

DEFAULT_DATA_DIR = "parley-data"
DEFAULT_SPOOL_BYTES = 1024**3
DEFAULT_LEASE_SECONDS = 120
SHORTEST_LEASE, LONGEST_LEASE = 6, 3600
"""Seconds. No provider could answer within a shorter one; a longer one helps nobody."""


class ConfigurationError(ParleyError):
    """The configuration cannot be used."""


class Config(msgspec.Struct, frozen=True):
    """What the process was told."""

    data_dir: Path
    database_url: str | None
    """An outside PostgreSQL 15+; None for the embedded one in the data folder."""
    secret_key: str | None
    """Encrypts secrets at rest; None for the key file in the data folder."""
    spool_bytes: int = DEFAULT_SPOOL_BYTES
    """Callbacks that are kept on disk while the database is away."""
    lease: timedelta = timedelta(seconds=DEFAULT_LEASE_SECONDS)
    """How long a message that is being sent may be its worker's."""


def read_config(data_dir: Path | None = None) -> Config:
    """From the variables PARLEY_…; an argument wins over its variable."""
    url = os.environ.get("PARLEY_DATABASE_URL") or None  # empty, as compose files leave it, is not given
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            "PARLEY_DATABASE_URL must look like postgresql://user:password@host/database (PostgreSQL 15 or newer)."
        )
    folder = data_dir or Path(os.environ.get("PARLEY_DATA_DIR") or DEFAULT_DATA_DIR)
    url = url and url.replace("postgres://", "postgresql://", 1)
    return Config(folder.absolute(), url, _secret_key(), _spool_bytes(), _lease())


def environment() -> dict[str, str]:
    """For `{"$env": NAME}` in definition files and for child processes."""
    return dict(os.environ)


def _secret_key() -> str | None:
    key = os.environ.get("PARLEY_SECRET_KEY")
    if key and not _is_fernet_key(key):
        raise ConfigurationError(
            "PARLEY_SECRET_KEY must be 32 random bytes in URL-safe base64. Make one with: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    return key or None


def _spool_bytes() -> int:
    text = os.environ.get("PARLEY_SPOOL_BYTES") or str(DEFAULT_SPOOL_BYTES)
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError("PARLEY_SPOOL_BYTES must be a number of bytes, such as 1073741824.")
    return int(text)


def _lease() -> timedelta:
    text = os.environ.get("PARLEY_LEASE_SECONDS") or str(DEFAULT_LEASE_SECONDS)
    if not (text.isascii() and text.isdigit() and SHORTEST_LEASE <= int(text[:9]) <= LONGEST_LEASE):
        raise ConfigurationError(
            f"PARLEY_LEASE_SECONDS must be a whole number of seconds from {SHORTEST_LEASE} to {LONGEST_LEASE}, such as "
            f"{DEFAULT_LEASE_SECONDS}."
        )
    return timedelta(seconds=int(text))


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        return False


def secret_key_of(config: Config) -> str:
    """The configured key, else the one in the data folder, made on first use and readable by its owner only."""
    if config.secret_key:
        return config.secret_key
    path = config.data_dir / "secret.key"
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_new_key(path)
        key = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used ({error.strerror}). Set PARLEY_SECRET_KEY.") from error
    if not _is_fernet_key(key):
        raise ConfigurationError(
            f"{path} is damaged: it does not hold a key. Restore it from a backup, or set PARLEY_SECRET_KEY to the key "
            "that was in it. With a new key the secrets stored so far cannot be read and must be given again."
        )
    return key


def _write_new_key(path: Path) -> None:
    """Whole or not at all, and only one of several starting processes wins: the link is the decision."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()
