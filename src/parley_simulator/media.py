"""Files the customer sent, hosted until they expire; and a look at the files the shop sends."""

import asyncio
import mimetypes
from collections import OrderedDict
from datetime import datetime

import msgspec
from pyreqwest.client import Client
from pyreqwest.exceptions import RequestError
from pyreqwest.response import ResponseBodyReader

from parley_simulator.messages import Failure

SHELF_CEILING = 2_000
SHELF_BYTES = 512 * 1024 * 1024
FETCH_DEADLINE = 10.0
MEGABYTE = 1024 * 1024

# Bytes allowed by media kind (sinch.md 1.4 and 2.7).
SIZES = {
    "image": 5 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
    "sticker": 100 * 1024,
}
TYPES = {
    "image": {"image/jpeg", "image/png"},
    "video": {"video/mp4", "video/3gpp"},
    "audio": {"audio/aac", "audio/mp4", "audio/amr", "audio/mpeg", "audio/ogg"},
    "sticker": {"image/webp"},
}


class HostedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file with its last moment."""

    id: str
    content: bytes
    mime_type: str
    expires_at: datetime


class Shelf:
    """Hosted files, the oldest thrown out when there is no room."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, HostedFile] = OrderedDict()

    def put(self, file: HostedFile) -> None:
        """Host a file."""
        self._files[file.id] = file
        while len(self._files) > SHELF_CEILING or self._weight() > SHELF_BYTES:
            self._files.popitem(last=False)

    def find(self, file_id: str, now: datetime) -> HostedFile | None:
        """None when unknown or expired."""
        file = self._files.get(file_id)
        return file if file is not None and now < file.expires_at else None

    def clear(self) -> None:
        """Throw everything out."""
        self._files.clear()

    def _weight(self) -> int:
        return sum(len(file.content) for file in self._files.values())


def kind_of(mime_type: str) -> str:
    """image, video, audio or document."""
    kind = mime_type.partition("/")[0]
    return kind if kind in SIZES else "document"


def guessed_type(url: str) -> str:
    """By the address's ending; empty when it says nothing."""
    return mimetypes.guess_type(url.partition("?")[0])[0] or ""


def extension_of(mime_type: str) -> str:
    """With its dot, such as `.jpg`."""
    return mimetypes.guess_extension(mime_type) or ".bin"


async def inspect(client: Client, url: str, kind: str) -> Failure | None:
    """Fetch a file as WhatsApp would, and say what it would not take."""
    try:
        async with asyncio.timeout(FETCH_DEADLINE), client.get(url).build_streamed() as response:
            if response.status >= 400:
                return _unreachable(f"the server answered {response.status}")
            mime_type = (response.get_header("content-type") or "").partition(";")[0].strip()
            kind = kind or kind_of(mime_type)
            return _wrong_type(mime_type, kind) or await _too_large(response.body_reader, kind)
    except (RequestError, ValueError, TimeoutError) as error:
        return _unreachable(str(error))


def _unreachable(why: str) -> Failure:
    return Failure("MEDIA_NOT_REACHABLE", f"The media could not be fetched: {why}.", "131053")


def _wrong_type(mime_type: str, kind: str) -> Failure | None:
    if kind in TYPES and mime_type not in TYPES[kind]:
        return Failure(
            "MEDIA_TYPE_UNSUPPORTED", f"WhatsApp takes no {mime_type or 'untyped file'} as {kind}.", "131053"
        )
    return None


async def _too_large(reader: ResponseBodyReader, kind: str) -> Failure | None:
    size = 0
    while chunk := await reader.read_chunk():
        size += len(chunk)
        if size > SIZES[kind]:
            return Failure("MEDIA_TOO_LARGE", f"More than {SIZES[kind]} bytes of {kind}.", "131053")
    return None
