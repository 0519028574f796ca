"""The stand-in on a socket."""

import gzip
import json
import socket
import struct
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.standin.faults import body_of
from tests.standin.service import Answer, Service


class Standin(Service):
    """A service with an address of its own, `url`, while the context lasts.

    `delay` is how many seconds each answer takes, `slow` how many the faults "slow" and "trickle"
    take.
    """

    def __init__(self, *args: Any, port: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.delay = 0.0
        self.slow = 5.0
        self.stopping = threading.Event()
        self.crashes: list[BaseException] = []
        self.cookies: list[str] = []  # what clients sent back of the cookies that they were given
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.service = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.crashes:
            raise RuntimeError("the stand-in broke") from self.crashes[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    service: Standin

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are what tests are about; all else is a bug here."""
        error = sys.exception()
        if error is not None and not isinstance(error, (OSError, ValueError)):
            self.service.crashes.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one piece
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        params = dict(parse_qsl(address.query, keep_blank_values=True))
        service = self.server.service
        service.cookies += self.headers.get_all("Cookie", [])
        answer = service.answer(address.path, params, self.headers.get("Authorization"))
        if service.delay:
            service.stopping.wait(service.delay)
        how = answer.fault.how if answer.fault else "whole"
        if how == "whole":
            self._send(answer)
        else:
            self._misbehave(how)

    def _send(self, answer: Answer) -> None:
        kind = "application/json; charset=utf-8"
        if answer.fault is not None:
            body, kind = body_of(answer.fault)
        else:
            body = json.dumps(answer.document).encode()
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers |= {"Content-Type": kind, "Content-Length": str(len(body))}
        self._send_head(answer.status, answer.headers)
        self.wfile.write(body)

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(self.server.service.clock(), usegmt=True))
        self.send_header("Set-Cookie", "guest_id=v1%3A1; Path=/")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _misbehave(self, how: str) -> None:
        self.close_connection = True
        kind = {"Content-Type": "application/json"}
        half = b'{"data":[{"id":"1","text":"half of '
        match how:
            case "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "reset":
                at_once = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                self.connection.close()
            case "half":
                self._send_head(200, {**kind, "Content-Length": "5000"})
                self.wfile.write(half)
            case "half_chunked":
                self._send_head(200, {**kind, "Transfer-Encoding": "chunked"})
                self.wfile.write(f"{len(half):x}\r\n".encode() + half + b"\r\n")
            case "half_json":
                self._send_head(200, {**kind, "Connection": "close"})
                self.wfile.write(half)
            case "slow":
                self.server.service.stopping.wait(self.server.service.slow)
            case "trickle":
                self._trickle(kind)

    def _trickle(self, kind: dict[str, str]) -> None:
        """Byte after byte, each in time, but never all of them."""
        service = self.server.service
        self._send_head(200, {**kind, "Content-Length": "100000"})
        ends = time.monotonic() + service.slow
        while time.monotonic() < ends and not service.stopping.wait(0.02):
            self.wfile.write(b" ")
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are in the service's log."""
