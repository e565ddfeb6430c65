"""Where callbacks go while the database is away: files on disk, synced before the provider is answered.

A segment is a file of frames, each a length, a checksum and one `Arrival`. A process writes a segment of its own and
holds a lock (flock) on it, which the kernel lets go even after `kill -9`: an unlocked segment is sealed, and whoever
lives replays it. A last frame that was cut short by a crash was never answered with a 2xx. What a broken disk has
damaged is passed over, and kept for a person.
"""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO
from zlib import crc32

import msgspec

from parley.domain.ids import new_id
from parley.telemetry import SPOOL_AGE, SPOOL_BYTES, SPOOL_RECORDS

SEGMENT_BYTES = 8 * 1024 * 1024
"""A segment is sealed past this size: what was replayed leaves the disk piece by piece."""
_FRAME = struct.Struct(">II")
"""Length and CRC-32 of what follows."""
_FIRST_BYTE = b"\x85"
"""Of every payload: MessagePack for an object with the five fields of `Arrival`."""


class Arrival(msgspec.Struct, frozen=True):
    """One POST to a callback door, as it came."""

    received_at: datetime
    token: str
    headers: dict[str, str]
    """Only those that carry meaning or a signature."""
    body: bytes
    is_genuine: bool = False
    """Its signature was checked when it came, and need not be again."""


class Segment(msgspec.Struct, frozen=True):
    """What was read of one."""

    arrivals: list[Arrival]
    """What is whole, in the order in which it came."""
    damage: list[bytes]
    """The stretches that are not, but for a last frame that was cut short."""


class Stock(msgspec.Struct, frozen=True):
    """What lies in a spool's folder."""

    count: int
    since: datetime
    """When the first file of it was begun."""


SEGMENTS, ASIDE = "*.spool", "*.aside"


class SpoolFullError(Exception):
    """The spool is at its limit."""


class CallbackSpool:
    """The spool of one data folder, shared by all its processes. Its methods block: call them in a thread."""

    def __init__(self, folder: Path, limit: int, sync: Callable[[int], None] = os.fsync) -> None:
        """`limit` in bytes, for the whole folder. `sync` returns when a descriptor's bytes are on the disk."""
        self.limit = limit
        self._sync = sync
        self.size = 0
        """Bytes in the folder when it was last looked at."""
        self._folder = folder
        self._segment: IO[bytes] | None = None
        self._lock = Lock()
        self._counted: dict[str, tuple[int, int]] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # bodies are personal data

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Durable when it returns: one sync for all of them. Raises SpoolFullError, and OSError of the disk."""
        frames = b"".join(_framed(arrival) for arrival in arrivals)
        with self._lock:
            self.size = sum(_size(path) for path in self._folder.iterdir())
            if self.size + len(frames) > self.limit:
                raise SpoolFullError
            self._write(frames, arrivals[0].received_at)
            self.size += len(frames)

    def seal(self) -> None:
        """What comes later goes to a new segment; this process's present one may be replayed."""
        with self._lock:
            self._close()

    def sealed(self) -> list[Path]:
        """Segments that nobody writes any more, the oldest first."""
        return [path for path in sorted(self._folder.glob(SEGMENTS)) if _is_free(path)]

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Whether it is ours to replay: one process at a time, so that order holds."""
        with (self._folder / "replay.lock").open("ab") as file:
            yield _try_lock(file, fcntl.LOCK_EX)

    def set_aside(self, arrival: Arrival) -> None:
        """Kept for a person: the database is there and still will not take it."""
        self._set_aside(_framed(arrival), arrival.received_at)

    def set_damage_aside(self, segment: Path, damage: bytes) -> None:
        """Kept for a person, too: what stood there cannot be read."""
        self._set_aside(damage, datetime.fromtimestamp(_began(segment), UTC))

    def _set_aside(self, content: bytes, at: datetime) -> None:
        self._write_whole(self._folder / f"{_name_of(_microseconds(at))}.aside", content)

    def measure(self, now: datetime) -> None:
        """Sets the gauges: bytes, callbacks, and the age of the oldest."""
        segments = sorted(self._folder.glob(SEGMENTS))
        self.size = sum(_size(path) for path in self._folder.iterdir())
        self._counted = {path.name: self._count(path) for path in segments}
        SPOOL_BYTES.set(self.size)
        SPOOL_RECORDS.set(sum(count for _, count in self._counted.values()))
        SPOOL_AGE.set(max(0.0, now.timestamp() - _began(segments[0])) if segments else 0)

    def _write(self, frames: bytes, at: datetime) -> None:
        """After an error the tail may be torn: nothing must follow it in the same file."""
        if self._segment is None:
            self._segment = self._new_segment(at)
        try:
            self._write_synced(self._segment, frames)
        except OSError:
            self._close()
            raise
        if self._segment.tell() >= SEGMENT_BYTES:
            self._close()

    def _new_segment(self, at: datetime) -> IO[bytes]:
        """Locked before it has the name under which a replay looks for it."""
        draft = self._folder / f"{self._next_name(at)}.draft"
        file = draft.open("xb", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        draft.rename(draft.with_suffix(".spool"))
        self._sync_folder()
        return file

    def _next_name(self, at: datetime) -> str:
        """Behind every other segment, also after the clock was set back: it would be replayed before them else."""
        newest = max((int(path.name.partition("-")[0]) for path in self._folder.glob(SEGMENTS)), default=-1)
        return _name_of(max(_microseconds(at), newest + 1))

    def _write_whole(self, path: Path, content: bytes) -> None:
        with path.open("xb", buffering=0) as file:
            self._write_synced(file, content)
        self._sync_folder()

    def _write_synced(self, file: IO[bytes], content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]
        self._sync(file.fileno())

    def _sync_folder(self) -> None:
        """A new file's name is as durable as its content only after this."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)

    def _close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _count(self, path: Path) -> tuple[int, int]:
        """(bytes looked at, frames in them); only what is new since the last time is read."""
        seen, count = self._counted.get(path.name, (0, 0))
        if _size(path) <= seen:
            return seen, count
        with path.open("rb") as file:
            file.seek(seen)
            frames = list(_whole_frames(file.read()))
        return seen + (frames[-1].end if frames else 0), count + len(frames)


def read_segment(path: Path) -> Segment:
    """All that lies in it."""
    raw, place, damage, arrivals = path.read_bytes(), 0, [], []
    for frame in _whole_frames(raw):
        damage.append(raw[place : frame.start])
        arrivals.append(msgspec.msgpack.decode(frame.payload, type=Arrival))
        place = frame.end
    if not _is_cut_short(raw, place):
        damage.append(raw[place:])
    return Segment(arrivals, [one for one in damage if one])


def stock_of(folder: Path, files: str) -> Stock | None:
    """Of a folder that others may write meanwhile: the callbacks in its SEGMENTS, or those set ASIDE. None: nothing."""
    counts = {path: max(1, len(read_segment(path).arrivals)) for path in sorted(folder.glob(files)) if _size(path)}
    if not counts:
        return None
    return Stock(sum(counts.values()), datetime.fromtimestamp(_began(next(iter(counts))), UTC))


class _Frame(msgspec.Struct, frozen=True):
    start: int
    payload: bytes

    @property
    def end(self) -> int:
        return self.start + _FRAME.size + len(self.payload)


def _whole_frames(raw: bytes) -> Iterator[_Frame]:
    place = 0
    while (frame := _whole_at(raw, place) or _next_whole(raw, place)) is not None:
        yield frame
        place = frame.end


def _whole_at(raw: bytes, place: int) -> _Frame | None:
    if _is_cut_short(raw, place):
        return None
    length, checksum = _FRAME.unpack_from(raw, place)
    payload = raw[place + _FRAME.size : place + _FRAME.size + length]
    return _Frame(place, payload) if crc32(payload) == checksum else None


def _next_whole(raw: bytes, place: int) -> _Frame | None:
    """Behind what is not whole at that place."""
    found = raw.find(_FIRST_BYTE, place + _FRAME.size + 1)
    while found >= 0:
        if (frame := _whole_at(raw, found - _FRAME.size)) is not None:
            return frame
        found = raw.find(_FIRST_BYTE, found + 1)
    return None


def _is_cut_short(raw: bytes, place: int) -> bool:
    rest = len(raw) - place - _FRAME.size
    return rest < 0 or rest < int(_FRAME.unpack_from(raw, place)[0])


def _framed(arrival: Arrival) -> bytes:
    payload = msgspec.msgpack.encode(arrival)
    return _FRAME.pack(len(payload), crc32(payload)) + payload


def _name_of(microseconds: int) -> str:
    """Sorts by time; unique among processes."""
    return f"{microseconds:020d}-{new_id()}"


def _microseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _began(path: Path) -> float:
    """Seconds since 1970, out of its name."""
    return int(path.name.partition("-")[0]) / 1_000_000


def _is_free(path: Path) -> bool:
    """Neither being written, nor replayed meanwhile by another. Those who only look do not hinder each other."""
    try:
        with path.open("rb") as file:
            return _try_lock(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _try_lock(file: IO[bytes], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(path: Path) -> int:
    """0 when another process has just replayed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
