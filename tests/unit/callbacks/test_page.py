import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from gan_zoo.callbacks.page import FEWEST, MOST, MOST_BYTES, Page, Report, chosen, grouped


class Reader(HTMLParser):
    """Checks that tags are closed in order, and collects addresses."""

    VOID = ("meta", "input", "img", "br", "line", "polyline", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data-src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: Page) -> tuple[str, list[str]]:
    html, reader = page.html(), Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return html, reader.addresses


@pytest.fixture
def grids(tmp_path: Path) -> list[tuple[int, Path]]:
    paths = [(i, tmp_path / f"{i:09d}.jpg") for i in (0, 1000, 2000)]
    for i, path in paths:
        Image.new("RGB", (300, 200), (i // 8, 0, 0)).save(path)
    return paths


def test_everything_is_in_one_file(grids: list[tuple[int, Path]]) -> None:
    series = {"val/l1": [(1000, 0.2), (2000, 0.1)], "generator/adv": [(i, 0.7) for i in range(100)]}
    html, addresses = read(
        Page(
            "a run",
            "running",
            "python train.py",
            config="model: x",
            figures=[("2,000", "images")],
            facts=[("data", "photos")],
            links=[("last.ckpt", "checkpoints/last.ckpt")],
            grids=grids,
            series=series,
            reports=[Report("Colours", "better", [("L1", "0.1")])],
        )
    )
    for text in (
        "a run",
        "running",
        "python train.py",
        "model: x",
        "2,000",
        "photos",
        "better",
        "0.1",
        "generator/adv",
    ):
        assert text in html
    assert [address for address in addresses if not address.startswith("data:")] == ["checkpoints/last.ckpt"]
    assert not re.search(r"https?://", html)
    frames = [base64.b64decode(url.partition(",")[2]) for url in addresses if url.startswith("data:")]
    assert len(frames) == 4  # the last one is shown before anything is touched
    assert {path.read_bytes() for _, path in grids} == set(frames)
    assert html.count("<svg") == 2
    assert 'max="2"' in html


def test_nothing_but_a_command() -> None:
    html, addresses = read(Page("run", "begun", "gan-zoo train"))
    assert addresses == []
    assert "<svg" not in html
    assert 'id="when"' not in html


def test_one_grid_has_no_slider(grids: list[tuple[int, Path]]) -> None:
    html, _ = read(Page("run", "begun", "x", grids=grids[:1]))
    assert 'id="when"' not in html
    assert "<img" in html


def test_text_is_text() -> None:
    html, _ = read(Page("<script>alert(1)</script>", "a & b", "x '$y' <z>", config="${interpolated} & <b>"))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "x &#x27;$y&#x27; &lt;z&gt;" in html
    assert "${interpolated}" in html


def test_long_runs_stay_bounded(tmp_path: Path) -> None:
    path = tmp_path / "0.jpg"
    path.write_bytes(b"x" * 50_000)
    many = [(i, path) for i in range(1000)]
    assert len(chosen(many)) == MOST
    assert chosen(many)[0] == many[0]
    assert chosen(many)[-1] == many[-1]
    path.write_bytes(b"x" * 300_000)
    assert len(chosen(many)) * 300_000 * 4 / 3 <= MOST_BYTES
    path.write_bytes(b"x" * 3_000_000)
    assert len(chosen(many)) == FEWEST
    assert chosen(many[:3]) == many[:3]


def test_long_curves_stay_bounded() -> None:
    series = {f"generator/term{i}": [(x, float(x % 7)) for x in range(20_000)] for i in range(10)}
    assert len(Page("run", "", "x", series=series).html()) < 200_000


def test_wide_grids_are_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "0.jpg"
    Image.new("RGB", (4000, 40)).save(path)
    _, (address,) = (
        read(Page("run", "", "x", grids=[(0, path)]))[0],
        [read(Page("run", "", "x", grids=[(0, path)]))[1][0]],
    )
    content = tmp_path / "shown.jpg"
    content.write_bytes(base64.b64decode(address.partition(",")[2]))
    with Image.open(content) as image:
        assert image.size == (1600, 16)


def test_groups_put_results_first_and_machinery_last() -> None:
    names = ["speed/x", "lr/generator", "generator/adv", "val/l1", "encoder/kl", "loss", "discriminator/real"]
    assert list(grouped(names)) == ["val", "generator", "discriminator", "encoder", "other", "lr", "speed"]
