"""A Debian mirror on loopback that can be told to misbehave."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

FILES = Path(__file__).parent / "mirror_files"
KEYRING = FILES / "keyring.gpg"


class Mirror(ThreadingHTTPServer):
    """Serves `mirror_files`; a path is given as after the address, such as `/pool/toy_22.1-1_all.deb`."""

    daemon_threads = False
    """So that closing waits until each connection is closed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cut: dict[str, int] = {}
        """Path → bytes after which the connection is cut, once."""
        self.altered: dict[str, bytes] = {}
        """Path → what is sent instead."""
        self.requests: list[tuple[str, str]] = []
        """Path and `Range` header of each request."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Mirror

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.requests.append((self.path, wanted))
        path = FILES / self.path.lstrip("/")
        content = self.server.altered.get(self.path) or (path.read_bytes() if path.is_file() else None)
        if content is None:
            self.send_error(404)
            return
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        body = content[int(match[1]) :] if match else content
        self.send_response(206 if match else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 08:00:00 GMT")
        if match:
            self.send_header("Content-Range", f"bytes {match[1]}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(body[: self.server.cut.get(self.path, len(body))])
        if self.server.cut.pop(self.path, None) is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running_mirror() -> Iterator[Mirror]:
    """A mirror in a thread of its own, ended with the block."""
    with Mirror() as mirror:
        thread = Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield mirror
        finally:
            mirror.shutdown()
            thread.join()
