"""A local server that drops connections, ignores ranges, refuses, and sends pages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gan_zoo.data.transfer import Patience

QUICK = Patience(tries=3, pause=0.01, timeout=5)


@dataclass
class Served:
    """What the server does: the file, where it drops each connection, and what it pretends."""

    content: bytes = b""
    drops: list[int] = field(default_factory=list)  # bytes sent before each of the first connections breaks
    ranges: bool = True
    tag: str | None = '"one"'
    status: int = 200
    page: bytes | None = None  # sent until a request carries confirm=
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Served

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        served = self.served
        served.asked.append((self.path, self.headers.get("Range")))
        if served.status != 200:
            return self.send(served.status, b"no", {})
        if served.page is not None and "confirm=" not in self.path:
            return self.send(200, served.page, {"Content-Type": "text/html; charset=utf-8"})
        headers = {"Content-Type": "application/octet-stream"}
        if served.tag:
            headers["ETag"] = served.tag
        wanted = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, served.tag)
        if not (wanted and served.ranges and same):
            return self.send(200, served.content, headers)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        size = len(served.content)
        if start >= size:
            return self.send(416, b"", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        return self.send(206, served.content[start:], headers)

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        drop = self.served.drops.pop(0) if self.served.drops and status in (200, 206) else None
        self.wfile.write(body if drop is None else body[:drop])
        if drop is not None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(2)


@contextmanager
def server(served: Served) -> Iterator[Served]:
    handler = type("Bound", (Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        served.url = f"http://127.0.0.1:{running.server_address[1]}/tiny.zip"
        try:
            yield served
        finally:
            running.shutdown()
            thread.join()
