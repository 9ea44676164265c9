"""One file over the network: resumed after a broken connection, confirmation pages followed, web pages refused."""

import html
import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None: not known)
_CHUNK = 1 << 18
_LASTING = frozenset({400, 401, 403, 404, 405, 410, 451})  # asking again does not help


def nothing(*_: object) -> None:
    """Neither progress nor words are wanted."""


@dataclass(frozen=True)
class Patience:
    """Seconds: ``pause`` before the second of ``tries`` without a new byte (then doubled), ``timeout`` of each."""

    tries: int = 5
    pause: float = 1.0
    timeout: float = 30.0


def download(url: str, path: Path, progress: Progress = nothing, patience: Patience = Patience()) -> None:
    """Bring the file at ``url`` to ``path``, going on where an earlier attempt stopped.

    Raises ``UserError`` if the server refuses, sends a web page in place of a file, or gives no byte for several tries.
    """
    request = _Request(url, path, patience.timeout)
    failures, most = 0, _length(path)
    while True:
        try:
            if request.go_on(progress):
                return
            why = "the connection broke"
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            why = str(getattr(error, "reason", "") or error or type(error).__name__)
        failures = 0 if _length(path) > most else failures + 1
        most = max(most, _length(path))
        if failures >= patience.tries:
            raise UserError(
                f"{url}: {why}, {failures} times in a row; {_length(path)} bytes are kept in {path}: "
                "run the same command again to go on"
            )
        time.sleep(patience.pause * 2 ** max(0, failures - 1))


class _Request:
    """One file being fetched: its address (which a confirmation page may change), and what is known about it."""

    def __init__(self, url: str, path: Path, timeout: float) -> None:
        self.url, self.path, self.timeout = url, path, timeout
        self.asked = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.confirmed = False

    def go_on(self, progress: Progress) -> bool:
        """One connection. True when the file is whole; False when it broke off."""
        start = _length(self.path)
        known = _notes(self.path) if start else {}
        if known.get("url") != self.url or not (known.get("tag") or known.get("total")):
            start = 0  # another file's beginning, or nothing by which to know that it is the same file
        request = urllib.request.Request(self.asked, headers={"User-Agent": "gan-zoo", "Accept-Encoding": "identity"})
        if start:
            request.add_header("Range", f"bytes={start}-")
        if start and known.get("tag"):
            request.add_header("If-Range", known["tag"])
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                return self._receive(response, start, known, progress)
        except urllib.error.HTTPError as error:
            with error:
                return self._refused(error, start, known)

    def _refused(self, error: urllib.error.HTTPError, start: int, known: dict[str, Any]) -> bool:
        if error.code == 416 and start:  # nothing after `start`: whole, or longer than the server's file
            if start == known.get("total"):
                return True
            forget(self.path)
            return False
        if error.code in _LASTING:
            raise UserError(f"{self.url}: the server answers {error.code} {error.reason}: has it moved?") from None
        raise error

    def _receive(self, response: Any, start: int, known: dict[str, Any], progress: Progress) -> bool:
        start = start if response.status == 206 and _begins_at(response, start) else 0
        total = _total(response, start)
        if start and total != known.get("total", total):
            forget(self.path)  # the server's file is another one by now
            return False
        first = _first(response)
        if not start and _is_page(response, first):
            self._confirm(first + response.read(1 << 20))
            return False
        tag = response.headers.get("ETag") or ""
        tag = (
            response.headers.get("Last-Modified") if tag.startswith("W/") or not tag else tag
        )  # weak tags promise little
        _note(self.path, {"url": self.url, "tag": tag, "total": total})
        done = start
        with self.path.open("ab" if start else "wb") as file:
            while first:
                file.write(first)
                done += len(first)
                progress(done, total)
                first = response.read1(_CHUNK)
        return done >= total if total is not None else True

    def _confirm(self, page: bytes) -> None:
        """Follow a page that asks "download anyway?" (Google Drive and large files); any other page is an error."""
        text = page.decode("utf-8", "replace")
        following = _confirmation(text, self.asked)
        if following is None or self.confirmed:
            title = re.search(r"<title>(.*?)</title>", text, re.S | re.I)
            said = f" ({' '.join(html.unescape(title[1]).split())})" if title else ""
            raise UserError(
                f"{self.url}: the server sent a web page{said} instead of the archive: try again later, "
                "or fetch it with a browser and unpack it yourself"
            )
        self.asked, self.confirmed = following, True


def _confirmation(page: str, asked: str) -> str | None:
    """The address behind a page's download form (or the older confirm link)."""
    form = re.search(r"<form\b[^>]*\bid=\"download-form\"[^>]*>(.*?)</form>", page, re.S | re.I)
    if form:
        action = re.search(r"\baction=\"([^\"]*)\"", form[0])
        inputs = re.findall(r"<input\b[^>]*>", form[1], re.I)
        fields = {
            name[1]: html.unescape(value[1])
            for tag in inputs
            if (name := re.search(r"\bname=\"([^\"]*)\"", tag)) and (value := re.search(r"\bvalue=\"([^\"]*)\"", tag))
        }
        address = urllib.parse.urljoin(asked, html.unescape(action[1]) if action else asked)
        return f"{address}{'&' if '?' in address else '?'}{urllib.parse.urlencode(fields)}"
    link = re.search(r"href=\"([^\"]*[?&](?:amp;)?confirm=[^\"]*)\"", page)
    return urllib.parse.urljoin(asked, html.unescape(link[1])) if link else None


def _is_page(response: Any, first: bytes) -> bool:
    head = first[:512].lstrip().lower()
    return head.startswith((b"<!doctype html", b"<html")) or (
        response.headers.get_content_type() == "text/html" and not first.startswith((b"PK", b"\x1f\x8b"))
    )


def _first(response: Any) -> bytes:
    """The first bytes, enough of them to see what they are."""
    first: bytes = response.read1(_CHUNK)
    while len(first) < 512 and (more := response.read1(_CHUNK)):
        first += more
    return first


def _begins_at(response: Any, start: int) -> bool:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return bool(found and int(found[1]) == start)


def _total(response: Any, start: int) -> int | None:
    found = re.search(r"/(\d+)$", response.headers.get("Content-Range", "")) if start else None
    if found:
        return int(found[1])
    length = response.headers.get("Content-Length")
    return start + int(length) if length is not None and length.isdigit() else None


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _notes(path: Path) -> dict[str, Any]:
    try:
        notes = json.loads(_beside(path).read_text())
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _note(path: Path, notes: dict[str, Any]) -> None:
    _beside(path).write_text(json.dumps(notes))


def forget(path: Path) -> None:
    """Remove a file and what is noted about it."""
    path.unlink(missing_ok=True)
    _beside(path).unlink(missing_ok=True)
