"""Files from a local server that drops, truncates, ignores ranges, refuses, and sends pages."""

import os
from pathlib import Path

import pytest

from gan_zoo.data import transfer
from gan_zoo.errors import UserError

from .server import QUICK, Served, server

FORM = (
    b'<!DOCTYPE html><html><body><form id="download-form" action="/download?x=1" method="get">'
    b'<input type="hidden" name="id" value="1x&amp;O"><input type="hidden" name="confirm" value="t">'
    b'<input type="submit" value="Download anyway"></form></body></html>'
)
LINK = b'<html><a id="uc-download-link" href="/uc?export=download&amp;confirm=AbC&amp;id=1x">Download anyway</a></html>'


@pytest.mark.parametrize("tag", ['"one"', None])
def test_goes_on_after_broken_connections(tag: str | None, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    with server(Served(content, drops=[10_000, 20_000, 5_000], tag=tag)) as served:
        transfer.download(served.url, tmp_path / "part", patience=QUICK)
    assert (tmp_path / "part").read_bytes() == content
    assert [wanted for _, wanted in served.asked] == [None, "bytes=10000-", "bytes=30000-", "bytes=35000-"]


def test_goes_on_in_a_later_call(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    with server(Served(content, drops=[20_000, 0, 0, 0])) as served:
        with pytest.raises(UserError, match=r"3 times in a row; 20000 bytes are kept in .*part: run the same command"):
            transfer.download(served.url, tmp_path / "part", patience=QUICK)
        served.drops.clear()
        transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[-1][1] == "bytes=20000-"
        assert (tmp_path / "part").read_bytes() == content
        transfer.download(served.url, tmp_path / "part", patience=QUICK)  # whole already: 416
        assert (tmp_path / "part").read_bytes() == content


def test_starts_anew_where_the_server_ignores_ranges_or_has_another_file(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    with server(Served(content, drops=[20_000], ranges=False)) as served:
        transfer.download(served.url, tmp_path / "a", patience=QUICK)
        assert (tmp_path / "a").read_bytes() == content
    with server(Served(content, drops=[20_000, 0, 0, 0])) as served:
        with pytest.raises(UserError):
            transfer.download(served.url, tmp_path / "b", patience=QUICK)
        served.content, served.tag, served.drops = os.urandom(60_000), '"two"', []
        transfer.download(served.url, tmp_path / "b", patience=QUICK)
        assert (tmp_path / "b").read_bytes() == served.content
    with server(Served(content, drops=[20_000, 0, 0, 0], tag=None)) as served:
        with pytest.raises(UserError):
            transfer.download(served.url, tmp_path / "c", patience=QUICK)
        served.content, served.drops = os.urandom(60_000), []
        transfer.download(served.url, tmp_path / "c", patience=QUICK)
        assert (tmp_path / "c").read_bytes() == served.content


def test_a_server_that_never_gets_further_is_given_up(tmp_path: Path) -> None:
    with server(Served(os.urandom(50_000), drops=[100, 200] * 20, ranges=False)) as served:
        with pytest.raises(UserError, match="3 times in a row"):
            transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) < 8


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, 3)])
def test_refusals(status: int, tries: int, tmp_path: Path) -> None:
    with server(Served(status=status)) as served:
        with pytest.raises(UserError, match=r"http://127\.0\.0\.1") as caught:
            transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) == tries
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "part").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with server(Served()) as served:
        pass
    with pytest.raises(UserError, match="refused"):
        transfer.download(served.url, tmp_path / "part", patience=QUICK)


@pytest.mark.parametrize(
    ("page", "then"), [(FORM, "/download?x=1&id=1x%26O&confirm=t"), (LINK, "/uc?export=download&confirm=AbC&id=1x")]
)
def test_confirmation_pages_are_followed_also_when_going_on(page: bytes, then: str, tmp_path: Path) -> None:
    content = os.urandom(40_000)
    with server(Served(content, page=page)) as served:
        served.drops = [len(page), 15_000, 0, 0, 0]
        with pytest.raises(UserError, match="15000 bytes are kept"):
            transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[1] == (then, None)
        served.drops = []
        transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert served.asked[-1] == (then, "bytes=15000-")
    assert (tmp_path / "part").read_bytes() == content


def test_a_page_that_confirms_nothing_ends(tmp_path: Path) -> None:
    with server(Served(page=FORM.replace(b"confirm", b"sure"))) as served:
        with pytest.raises(UserError, match="a web page instead"):
            transfer.download(served.url, tmp_path / "part", patience=QUICK)
        assert len(served.asked) == 2
