"""A shop for the tests: hears callbacks on a real port, and answers them as told."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

PATIENCE = 10.0  # seconds of real time until a callback counts as missing


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One callback: raw bytes, for signatures are over bytes."""

    path: str
    headers: dict[str, str]
    raw: bytes
    at: float = 0.0  # on the monotonic clock, before it was answered

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def report(self) -> Any:
        return self.body["message_delivery_report"]


class Shop:
    """Callbacks in the order they came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: queue.Queue[Heard] = queue.Queue()
        self.answers: list[int] = []
        self.tokens: dict[str, Any] = {}
        self.stalls = 0  # so many callbacks get no answer
        self.patience = threading.Event()  # until this is set

    def next(self) -> Heard:
        return self.heard.get(timeout=PATIENCE)

    def take(self, count: int) -> list[Heard]:
        return [self.next() for _ in range(count)]

    def until(self, is_it: Callable[[Heard], bool]) -> Heard:
        while True:
            heard = self.next()
            if is_it(heard):
                return heard

    def status_of(self, message_id: str, state: str) -> Any:
        """The legacy status element of a message in a state."""
        while True:
            for element in self.next().body.get("statuses", ()):
                if element["message_id"] == message_id and element["state"] == state:
                    return element

    def report_of(self, message_id: str, status: str) -> Any:
        """The Conversation delivery report of a message in a status."""
        while True:
            report = self.next().body.get("message_delivery_report", {})
            if report.get("message_id") == message_id and report["status"] == status:
                return report

    def final_report_of(self, message_id: str) -> Any:
        """Its first report, which for a failure is its last."""
        while True:
            report = self.next().body.get("message_delivery_report", {})
            if report.get("message_id") == message_id:
                return report

    def is_quiet(self) -> bool:
        return self.heard.empty()


class QuietDoor(BaseHTTPRequestHandler):
    """Says nothing on the terminal."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def open_shop() -> Iterator[Shop]:
    """A shop on a free port, closed at the end."""
    shop = Shop("")

    class Door(QuietDoor):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", "0")))
            at = time.monotonic()
            if shop.stalls:
                shop.stalls -= 1
                shop.patience.wait(PATIENCE)
            status = shop.answers.pop(0) if shop.answers else 200
            told = json.dumps(shop.tokens).encode() if self.path == "/token" else b""
            with suppress(OSError):  # the caller may have hung up
                self.send_response(status)
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)
            headers = {name.lower(): value for name, value in self.headers.items()}
            shop.heard.put(Heard(path=self.path, headers=headers, raw=raw, at=at))

    with _served(Door) as shop.url:
        yield shop


@contextmanager
def open_shelf(mime_type: str, size: int, asked: Callable[[], None] = lambda: None) -> Iterator[str]:
    """A server with one file under every path; what is done when it is asked for is done first."""

    class Shelf(QuietDoor):
        def do_GET(self) -> None:
            asked()
            self.send_response(200)
            self.send_header("content-type", mime_type)
            self.send_header("content-length", str(size))
            self.end_headers()
            with suppress(OSError):  # the reader may have had enough
                self.wfile.write(bytes(size))

    with _served(Shelf) as url:
        yield url


@contextmanager
def _served(door: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
