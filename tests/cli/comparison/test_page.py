import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from gan_zoo.callbacks.page import jpeg_url
from gan_zoo.cli.comparison.page import Page
from gan_zoo.cli.comparison.table import Column

from .conftest import Make


def html(columns: list[Column], folder: Path, paired: bool = False, samples: int = 2) -> str:
    return Page("a & b", "soft", columns, folder, samples, paired, [("data", "these <ones>")], "gan-zoo compare").html()


def test_the_same_inputs_in_rows_the_models_in_columns(ended: Make, tmp_path: Path) -> None:
    text = html(ended({"one": [{"l1": 1.0}], "two": [{"l1": 2.0}]}), tmp_path)
    first = text[text.index("A to B") : text.index("B to A")]
    assert re.findall(r'<th scope="col">(\w+)</th>', first) == ["input", "one", "two"]
    rows = re.findall(r"<tr>(<td.*?)</tr>", first)
    assert [row.count("<img") for row in rows] == [3, 3]
    picture = base64.b64decode(re.findall(r'src="data:image/jpeg;base64,([^"]+)"', rows[1])[2])
    with Image.open(io.BytesIO(picture)) as shown, Image.open(tmp_path / "runs/two-seed0/pictures/ab/001.png") as made:
        assert shown.size == made.size
        near = [abs(a - b) for a, b in zip(shown.convert("L").tobytes(), made.convert("L").tobytes(), strict=True)]
    assert sum(near) / len(near) < 4  # of 255: the JPEG of this very picture


def test_pairs_show_their_target(ended: Make, tmp_path: Path) -> None:
    text = html(ended({"one": [{"l1": 1.0}]}, ways=("ab",)), tmp_path, paired=True)
    assert re.findall(r'<th scope="col">(\w+)</th>', text[text.index("A to B") :]) == ["input", "target", "one"]
    given = re.findall(r'<td class="given"><img src="([^"]+)"', text)
    with Image.open(tmp_path / "inputs/a/000.png") as first, Image.open(tmp_path / "inputs/b/000.png") as second:
        assert given[:2] == [jpeg_url(first), jpeg_url(second)]
    assert "B to A" not in text


def test_numbers_with_the_best_in_bold(ended: Make, tmp_path: Path) -> None:
    text = html(ended({"one": [{"l1": 1.0}, {"l1": 3.0}], "two": [{"l1": 5.0}, {"l1": 5.0}]}), tmp_path)
    assert "<td class=best>2 <span>± 1.4</span></td><td>5</td>" in text
    assert "training, images a second" in text
    assert "<summary>seed 1</summary>" in text


def test_what_died_is_shown_as_such(ended: Make, tmp_path: Path) -> None:
    text = html(ended({"one": [{"l1": 1.0}], "two": ["loss <i> became NaN"]}), tmp_path)
    assert text.count("died: loss &lt;i&gt; became NaN") == 3  # in the table, and once for each direction
    assert 'class="lost" rowspan="2"' in text
    assert '<td class="state bad">' in text


def test_nothing_finished(ended: Make, tmp_path: Path) -> None:
    text = html(ended({"one": ["no"]}), tmp_path)
    assert "died: no" in text
    assert "<img" not in text


@pytest.mark.parametrize("dead", [False, True])
def test_it_needs_nothing_from_elsewhere(ended: Make, tmp_path: Path, dead: bool) -> None:
    text = html(ended({"one": [{"l1": 1.0}], "two": ["no" if dead else {"l1": 2.0}]}), tmp_path)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "http" not in text
    assert "<script" not in text
    assert "a &amp; b" in text
    assert "these &lt;ones&gt;" in text


def test_links_to_the_runs_own_pages(ended: Make, tmp_path: Path) -> None:
    columns = ended({"one": [{"l1": 1.0}]})
    (tmp_path / "runs/one-seed0/gallery.html").touch()
    assert '<a href="runs/one-seed0/gallery.html">one-seed0</a>' in html(columns, tmp_path)
