"""Downloads from a local server that drops, truncates, ignores ranges, refuses, and sends pages and evil archives."""

import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gan_zoo.data import download, registry
from gan_zoo.data.download import Patience
from gan_zoo.errors import UserError

from .conftest import photo

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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("trainA", "trainB"):
        for i in range(2):
            photo(tmp_path / "tree" / "tiny" / folder / f"{i}.png", 8, 8, seed=i + len(folder) + ord(folder[-1]))
    return tmp_path / "tree"


def zipped(tree: Path, top: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(tree.rglob("*.png")):
            archive.write(path, path.relative_to(tree if top else tree / "tiny"))
    return out.getvalue()


def tarred(tree: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.add(tree / "tiny", "tiny")
    return out.getvalue()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set ``tiny`` in the registry, whose address a test sets with ``point``."""
    entry = replace(registry.entry("horse2zebra"), name="tiny", counts={"trainA": 2, "trainB": 2})
    monkeypatch.setitem(registry._BY_NAME, "tiny", entry)


def point(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(registry._BY_NAME, "tiny", replace(registry.entry("tiny"), url=url))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


WHOLE = {"tiny/trainA/0.png", "tiny/trainA/1.png", "tiny/trainB/0.png", "tiny/trainB/1.png"}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("form", ["zip", "zip without a top folder", "tar"])
def test_fetch_puts_the_whole_set_in_place(
    form: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tarred(tree) if form == "tar" else zipped(tree, top="without" not in form)
    said: list[str] = []
    steps: list[tuple[int, int | None]] = []
    with server(Served(content)) as served:
        point(monkeypatch, served.url)
        home = tmp_path / "home"
        where = download.fetch("tiny", home, lambda *step: steps.append(step), said.append, QUICK)
        assert where == home / "tiny"
        assert files(home) == WHOLE
        assert where.stat().st_mode & 0o055 == 0o055 & ~_umask()
        assert steps[-1] == (len(content), len(content))
        assert any("licence: ImageNet terms" in line for line in said)
        before = len(served.asked)
        assert download.fetch("tiny", home, say=said.append) == where
        assert len(served.asked) == before
        assert "already" in said[-1]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("tag", ['"one"', None])
def test_goes_on_after_broken_connections(tag: str | None, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    with server(Served(content, drops=[10_000, 20_000, 5_000], tag=tag)) as served:
        download.download(served.url, tmp_path / "part", patience=QUICK)
    assert (tmp_path / "part").read_bytes() == content
    assert [wanted for _, wanted in served.asked] == [None, "bytes=10000-", "bytes=30000-", "bytes=35000-"]


def test_goes_on_in_a_later_call(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    with server(Served(content, drops=[20_000, 0, 0, 0])) as served:
        with pytest.raises(UserError, match=r"3 times in a row; 20000 bytes are kept in .*part: run the same command"):
            download.download(served.url, tmp_path / "part", patience=QUICK)
        served.drops.clear()
        download.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[-1][1] == "bytes=20000-"
        assert (tmp_path / "part").read_bytes() == content
        download.download(served.url, tmp_path / "part", patience=QUICK)  # whole already: 416
        assert (tmp_path / "part").read_bytes() == content


def test_starts_anew_where_the_server_ignores_ranges_or_has_another_file(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    with server(Served(content, drops=[20_000], ranges=False)) as served:
        download.download(served.url, tmp_path / "a", patience=QUICK)
        assert (tmp_path / "a").read_bytes() == content
    with server(Served(content, drops=[20_000, 0, 0, 0])) as served:
        with pytest.raises(UserError):
            download.download(served.url, tmp_path / "b", patience=QUICK)
        served.content, served.tag, served.drops = os.urandom(60_000), '"two"', []
        download.download(served.url, tmp_path / "b", patience=QUICK)
        assert (tmp_path / "b").read_bytes() == served.content
    with server(Served(content, drops=[20_000, 0, 0, 0], tag=None)) as served:
        with pytest.raises(UserError):
            download.download(served.url, tmp_path / "c", patience=QUICK)
        served.content, served.drops = os.urandom(60_000), []
        download.download(served.url, tmp_path / "c", patience=QUICK)
        assert (tmp_path / "c").read_bytes() == served.content


def test_a_server_that_never_gets_further_is_given_up(tmp_path: Path) -> None:
    with server(Served(os.urandom(50_000), drops=[100, 200] * 20, ranges=False)) as served:
        with pytest.raises(UserError, match="3 times in a row"):
            download.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) < 8


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, 3)])
def test_refusals(status: int, tries: int, tmp_path: Path) -> None:
    with server(Served(status=status)) as served:
        with pytest.raises(UserError, match=r"http://127\.0\.0\.1") as caught:
            download.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) == tries
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "part").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with server(Served()) as served:
        pass
    with pytest.raises(UserError, match="refused"):
        download.download(served.url, tmp_path / "part", patience=QUICK)


QUOTA = b"<!DOCTYPE html><html><head><title>Google Drive - Quota\n exceeded</title></head><body>Sorry</body></html>"
FORM = (
    b'<!DOCTYPE html><html><body><form id="download-form" action="/download?x=1" method="get">'
    b'<input type="hidden" name="id" value="1x&amp;O"><input type="hidden" name="confirm" value="t">'
    b'<input type="submit" value="Download anyway"></form></body></html>'
)
LINK = b'<html><a id="uc-download-link" href="/uc?export=download&amp;confirm=AbC&amp;id=1x">Download anyway</a></html>'


@pytest.mark.usefixtures("known")
def test_a_page_in_place_of_the_archive_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(Served(page=QUOTA)) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match=r"a web page \(Google Drive - Quota exceeded\) instead of the archive"):
            download.fetch("tiny", tmp_path / "home", patience=QUICK)
    assert files(tmp_path / "home") == set()


@pytest.mark.parametrize(
    ("page", "then"), [(FORM, "/download?x=1&id=1x%26O&confirm=t"), (LINK, "/uc?export=download&confirm=AbC&id=1x")]
)
def test_confirmation_pages_are_followed_also_when_going_on(page: bytes, then: str, tmp_path: Path) -> None:
    content = os.urandom(40_000)
    with server(Served(content, page=page)) as served:
        served.drops = [len(page), 15_000, 0, 0, 0]
        with pytest.raises(UserError, match="15000 bytes are kept"):
            download.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[1] == (then, None)
        served.drops = []
        download.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[-1] == (then, "bytes=15000-")
    assert (tmp_path / "part").read_bytes() == content


def test_a_page_that_confirms_nothing_ends(tmp_path: Path) -> None:
    with server(Served(page=FORM.replace(b"confirm", b"sure"))) as served:
        with pytest.raises(UserError, match="a web page instead"):
            download.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) == 2


@pytest.mark.usefixtures("known")
def test_a_truncated_archive_is_removed_and_nothing_is_left(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = zipped(tree)
    with server(Served(whole[: len(whole) // 2])) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match="neither a whole zip nor a tar"):
            download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == set()
        served.content, served.tag = whole, '"two"'
        download.fetch("tiny", tmp_path / "home", patience=QUICK)
    assert files(tmp_path / "home") == WHOLE


@pytest.mark.usefixtures("known")
def test_an_evil_archive_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tiny/trainA/../../../../evil.txt", "x")
    with server(Served(out.getvalue())) as served:
        point(monkeypatch, served.url)
        with pytest.raises(UserError, match="not safe"):
            download.fetch("tiny", tmp_path / "a" / "b" / "home", patience=QUICK)
    assert files(tmp_path / "a") == set()


@pytest.mark.usefixtures("known")
def test_counts_hashes_and_folders_are_checked(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree).as_posix()}"
        for path in sorted(tree.rglob("*.png"))
    ]
    monkeypatch.setattr(registry, "CHECKSUMS", tmp_path)
    listed = tmp_path / "tiny.sha256"
    listed.write_text("\n".join(lines))
    said: list[str] = []
    with server(Served(zipped(tree))) as served:
        point(monkeypatch, served.url)
        download.fetch("tiny", tmp_path / "good", say=said.append, patience=QUICK)
        assert said[-1] == "tiny: sha256 of every file agrees"
        listed.write_text("\n".join([lines[0].replace(lines[0][:4], "0000", 1), *lines[1:]]))
        with pytest.raises(UserError, match=r"1 files are not the original ones \(first: trainA/0.png differs\)"):
            download.fetch("tiny", tmp_path / "wrong", patience=QUICK)
        assert files(tmp_path / "wrong") == set()
        listed.unlink()
        monkeypatch.setitem(
            registry._BY_NAME, "tiny", replace(registry.entry("tiny"), counts={"trainA": 3, "trainB": 2})
        )
        download.fetch("tiny", tmp_path / "counted", say=said.append, patience=QUICK)
        assert "tiny: trainA holds 2 images, expected were 3" in said
        monkeypatch.setitem(registry._BY_NAME, "tiny", replace(registry.entry("tiny"), counts={"train": 3}))
        with pytest.raises(UserError, match="holds no folders train"):
            download.fetch("tiny", tmp_path / "other", patience=QUICK)


@pytest.mark.usefixtures("known")
def test_an_unwritable_place_and_embedded_sets_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write there"):
        download.fetch("tiny", tmp_path / "file" / "home", patience=QUICK)
    with pytest.raises(UserError, match="comes with the package"):
        download.fetch("edges2shoes_cc0", tmp_path)
    with pytest.raises(UserError, match="did you mean horse2zebra"):
        download.fetch("horse2zebras", tmp_path)


@pytest.mark.usefixtures("known")
def test_a_full_disk_keeps_the_download(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped(tree)
    with server(Served(content)) as served:
        point(monkeypatch, served.url)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(download, "unpack", full)
            with pytest.raises(UserError, match="the disk is full"):
                download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == {".tiny.part", ".tiny.part.json"}
        download.fetch("tiny", tmp_path / "home", patience=QUICK)
        assert files(tmp_path / "home") == WHOLE
        assert [wanted for _, wanted in served.asked] == [None, f"bytes={len(content)}-"]
