"""Styles x contents in one picture, through ``gan-zoo translate --sheet``."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.sheets import GAP, LARGEST, Sheet
from gan_zoo.cli.weights import save
from gan_zoo.errors import UserError
from gan_zoo.models import MUNIT, UNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch, StyleAutoEncoder

from .conftest import draw

JUDGE = partial(MultiScale, n_scales=1, ndf=2, each=partial(StridedPatch, n_layers=2))


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Models of both kinds, two inputs and a picture with a style."""
    torch.manual_seed(0)
    small = {"ngf": 2, "n_downs": 1, "n_blocks": 1}
    munit = MUNIT(generator=partial(StyleAutoEncoder, style_dim=2, mlp_dim=4, **small), discriminator=JUDGE)
    for coder in munit.generator.values():
        for parameter in coder.mlp.parameters():
            torch.nn.init.normal_(parameter)
    save(munit, tmp_path / "munit.ckpt")
    save(UNIT(generator=partial(AutoEncoder, **small), discriminator=JUDGE), tmp_path / "unit.ckpt")
    draw(tmp_path / "in" / "a.png", 20, 16, 0)
    draw(tmp_path / "in" / "b.png", 30, 24, 1)
    draw(tmp_path / "s" / "red.png", 40, 16, 2)
    return tmp_path / "in"


def cells(sheet: np.ndarray, widths: list[int], heights: list[int]) -> list[list[np.ndarray]]:
    rows, top = [], GAP
    for height in heights:
        left, row = GAP, []
        for width in widths:
            row.append(sheet[top : top + height, left : left + width])
            left += width + GAP
        rows.append(row)
        top += height + GAP
    assert (top, left) == sheet.shape[:2]
    return rows


def pixels(path: str) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_rows_are_inputs_and_columns_are_styles_below_the_pictures_they_are_of(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["translate", "munit.ckpt", "in", "--styles", "2", "--style-image", "s/red.png", "--direction", "ba"]
    assert main([*words, "--output", "out", "--sheet"]) == 0
    assert "2 of 2 pictures, 3 outputs each, in out/sheet.png" in capsys.readouterr().out
    assert [path.name for path in Path("out").iterdir()] == ["sheet.png"]
    rows = cells(pixels("out/sheet.png"), [30, 30, 30, 40], [16, 16, 24])
    assert all((cell == 255).all() for cell in rows[0][:3])
    assert np.array_equal(rows[0][3], pixels("s/red.png"))
    assert np.array_equal(rows[1][0][:, 5:25], pixels("in/a.png"))
    assert main([*words, "--output", "single"]) == 0
    for column, name in enumerate(("style1", "style2", "style-red"), start=1):
        left = {3: 5}.get(column, 0)
        assert np.array_equal(rows[2][column][:, left : left + 30], pixels(f"single/b_{name}.png"))
    assert not np.array_equal(rows[2][1], rows[2][2])


def test_the_way_between_two_styles_is_columns_too(inputs: Path) -> None:
    words = ["translate", "munit.ckpt", "in/a.png", "in/b.png", "--interpolate", "3", "--sheet"]
    assert main([*words, "--output", "out"]) == 0
    cells(pixels("out/sheet.png"), [30] * 4, [16, 24])


def test_unit_has_random_translations_by_its_noise(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["translate", "unit.ckpt", "in", "--styles", "2"]
    assert main([*words, "--output", "one"]) == main([*words, "--output", "two"]) == 0
    assert main([*words, "--output", "three", "--seed", "1"]) == 0
    assert sorted(path.name for path in Path("one").iterdir()) == [f"{n}_style{i}.png" for n in "ab" for i in (1, 2)]
    found = pixels("one/a_style1.png")
    assert np.array_equal(found, pixels("two/a_style1.png"))
    assert not np.array_equal(found, pixels("three/a_style1.png"))
    assert not np.array_equal(found, pixels("one/a_style2.png"))
    assert main([*words, "--output", "sheet", "--sheet"]) == 0
    cells(pixels("sheet/sheet.png"), [30] * 3, [16, 24])
    assert main(["translate", "unit.ckpt", "in", "--interpolate", "2", "--output", "no"]) == 1
    assert "UNIT, which has random outputs but no styles: leave out --style-image and" in capsys.readouterr().err


def test_a_sheet_needs_columns_and_replaces_no_input(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "unit.ckpt", "in", "--sheet", "--output", "out"]) == 1
    assert "--sheet shows inputs under styles: add --styles N" in capsys.readouterr().err
    draw(Path("in/sheet.png"), 20, 20, 5)
    before = Path("in/sheet.png").read_bytes()
    assert main(["translate", "munit.ckpt", "in", "--styles", "1", "--sheet", "--output", "in"]) == 0
    assert Path("in/sheet.png").read_bytes() == before
    assert Path("in/sheet_png.png").is_file()


def test_unreadable_inputs_are_left_out_if_told_to(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (inputs / "c.png").write_bytes(b"nothing")
    words = ["translate", "munit.ckpt", "in", "--styles", "1", "--sheet", "--output", "out"]
    assert main(words) == 1
    assert "(--skip goes on with the others)" in capsys.readouterr().err
    assert not Path("out").exists()
    assert main([*words, "--skip"]) == 1
    assert "2 of 3 pictures, 1 outputs each" in capsys.readouterr().out
    cells(pixels("out/sheet.png"), [30, 30], [16, 24])


def test_large_pictures_are_made_smaller_and_no_picture_is_no_sheet() -> None:
    large = Image.new("L", (2 * LARGEST, LARGEST))
    sheet, skipped = Sheet(lambda path: [large, large], [None]).draw([Path("x")])
    assert (sheet.size, skipped) == ((2 * LARGEST + 3 * GAP, LARGEST // 2 + 2 * GAP), 0)

    def unreadable(path: Path) -> list[Image.Image]:
        raise UserError("cannot be read")

    with pytest.raises(UserError, match="there is nothing for a sheet"):
        Sheet(unreadable, []).draw([Path("x")], skip=True)
