"""Pictures of seeds through ``gan-zoo sample``."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.cli.weights import save
from gan_zoo.data.transforms import to_uint8
from gan_zoo.models import Pix2Pix, ProGAN, StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.patchgan import PixelGAN
from gan_zoo.networks.unet import UNet
from gan_zoo.training.growth import Growth, Still

GAP = 4
WIDTHS: dict[str, Any] = {"base": 32, "most": 4}
STYLES = WIDTHS | {"latent_dim": 4, "style_dim": 4, "hidden": 4, "mapping_layers": 1}


@pytest.fixture
def style(tmp_path: Path) -> StyleGAN:
    """``s.ckpt``: 8 px, with a mean of w, noise that shows."""
    torch.manual_seed(0)
    judge = partial(progan.Discriminator, blurred=True, **WIDTHS)
    model = StyleGAN(partial(stylegan.Generator, **STYLES), judge, resolution=8, schedule=Still())
    for epilogue in model.average.synthesis.epilogues:
        epilogue.noise_weight.data.fill_(0.3)
    model.mean_w(50)
    save(model, tmp_path / "s.ckpt")
    return model


def grown(path: Path, **options: Any) -> None:
    """A ProGAN of 8 px."""
    torch.manual_seed(0)
    schedule = options.pop("schedule", Still())
    networks = (partial(net, **WIDTHS) for net in (progan.Generator, progan.Discriminator))
    save(ProGAN(*networks, resolution=8, schedule=schedule, **options), path)


def sample(*words: str) -> dict[str, np.ndarray]:
    """The pictures in ``out`` by name."""
    assert main(["sample", *words, "--output", "out"]) == 0
    return {path.name: np.asarray(Image.open(path)) for path in Path("out").iterdir()}


def cell(sheet: np.ndarray, row: int, column: int, side: int = 8) -> np.ndarray:
    top, left = (GAP + n * (side + GAP) for n in (row, column))
    return sheet[top : top + side, left : left + side]


def same(pixels: np.ndarray, picture: torch.Tensor) -> bool:
    """Up to the rounding of batches of other sizes."""
    expected = to_uint8(picture).permute(1, 2, 0).numpy()
    return pixels.shape == expected.shape and int(np.abs(pixels.astype(int) - expected).max()) <= 1


def test_a_grid_of_seeds(style: StyleGAN, capsys: pytest.CaptureFixture[str]) -> None:
    found = sample("s.ckpt", "--seeds", "3,5-7,9", "--psi", "0.5")
    assert capsys.readouterr().out == "5 seeds: grid.png in out\n"
    sheet = found["grid.png"]
    assert sheet.shape == (GAP + 2 * (8 + GAP), GAP + 3 * (8 + GAP), 3)
    assert same(cell(sheet, 0, 0), style.sample(1, seed=3, psi=0.5)[0])
    assert same(cell(sheet, 1, 1), style.sample(1, seed=9, psi=0.5)[0])
    assert (cell(sheet, 1, 2) == 255).all()
    assert list(found) == ["grid.png"]


def test_sixteen_seeds_where_none_are_named_and_the_same_each_time(style: StyleGAN) -> None:
    first = sample("s.ckpt")["grid.png"]
    assert first.shape == (GAP + 4 * (8 + GAP), GAP + 4 * (8 + GAP), 3)
    assert np.array_equal(first, sample("s.ckpt", "--device", "cpu")["grid.png"])


def test_a_file_each(style: StyleGAN) -> None:
    found = sample("s.ckpt", "--each", "--seeds", "8-17")
    assert sorted(found) == [f"seed{seed:04d}.png" for seed in range(8, 18)]
    assert same(found["seed0017.png"], style.sample(1, seed=17)[0])


def test_truncation_may_have_a_number_for_each_layer_and_noise_may_go(style: StyleGAN) -> None:
    each = [1.0, 0.5, 0.0, -1.0]
    found = sample("s.ckpt", "--seeds=4", "--psi", ",".join(map(str, each)), "--no-noise")["grid.png"]
    assert same(cell(found, 0, 0), style.sample(1, seed=4, psi=each, noise=False)[0])
    assert not same(cell(found, 0, 0), style.sample(1, seed=4, psi=each)[0])
    found = sample("s.ckpt", "--seeds=4", "--cutoff", "1")["grid.png"]
    assert same(cell(found, 0, 0), style.sample(1, seed=4, psi=0.7, cutoff=1)[0])


def test_a_sweep_of_truncations(style: StyleGAN) -> None:
    sheet = sample("s.ckpt", "--seeds", "1,2", "--psis=-1,0,1")["truncation.png"]
    assert np.array_equal(cell(sheet, 0, 1), cell(sheet, 1, 1))
    assert same(cell(sheet, 1, 2), style.sample(1, seed=2, psi=None)[0])
    assert same(cell(sheet, 0, 0), style.sample(1, seed=1, psi=-1.0, cutoff=99)[0])


def test_a_table_of_mixed_styles(style: StyleGAN) -> None:
    sheet = sample("s.ckpt", "--mix", "coarse", "--rows", "1,2", "--columns", "3,4,5")["mixing-coarse.png"]
    assert (cell(sheet, 0, 0) == 255).all()
    mixed = style.mix([1, 2], [3, 4, 5], stylegan.COARSE)
    for row in range(2):
        assert same(cell(sheet, row + 1, 0), style.sample(1, seed=row + 1)[0])
        for column in range(3):
            assert same(cell(sheet, 0, column + 1), style.sample(1, seed=column + 3)[0])
            assert same(cell(sheet, row + 1, column + 1), mixed[row, column])


def test_ways_from_seed_to_seed_as_a_sheet_and_as_an_animation(style: StyleGAN) -> None:
    sheet = sample("s.ckpt", "--interpolate", "3", "--seeds", "1,2,3")["interpolation.png"]
    assert np.array_equal(cell(sheet, 0, 2), cell(sheet, 1, 0))
    first, second = style.codes([1, 2])
    assert same(cell(sheet, 0, 1), style.paint((first + second)[None] / 2)[0])
    sample("s.ckpt", "--interpolate", "3", "--gif", "--seeds", "1,2,3")
    assert Image.open("out/interpolation.gif").n_frames == 8  # 5 there, 3 back


def test_progan_has_grids_and_ways_at_the_size_it_has_grown_to(tmp_path: Path) -> None:
    grown(tmp_path / "p.ckpt", schedule=Growth(8, start=4))
    sheet = sample("p.ckpt", "--seeds", "0-3")["grid.png"]
    assert same(cell(sheet, 1, 1, side=4), gan_zoo.load("p.ckpt").sample(1, seed=3)[0])  # type: ignore[operator]
    sheet = sample("p.ckpt", "--interpolate")["interpolation.png"]
    assert sheet.shape == (GAP + 4 + GAP, GAP + 9 * (4 + GAP), 3)


def test_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grown(tmp_path / "p.ckpt", labels=3)
    one, other = (sample("p.ckpt", "--seeds=0", "--class", label)["grid.png"] for label in "02")
    assert not np.array_equal(one, other)
    for words in ([], ["--class", "3"]):
        assert main(["sample", "p.ckpt", *words]) == 1
        assert "with classes 0 to 2: add --class" in capsys.readouterr().err


def test_a_mean_of_w_is_measured_where_there_is_none(style: StyleGAN, capsys: pytest.CaptureFixture[str]) -> None:
    style.average.mean_w.zero_()
    save(style, Path("s.ckpt"))
    sample("s.ckpt", "--seeds=0", "--psi=1")
    assert "mean of w" not in capsys.readouterr().out
    sheet = sample("s.ckpt", "--seeds=0", "--psi=0")["grid.png"]
    assert "s.ckpt brings no mean of w: measured of 10240 latents" in capsys.readouterr().out
    style.mean_w(10_240)
    assert same(cell(sheet, 0, 0), style.sample(1, psi=0.0)[0])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["none.ckpt"], "there is no checkpoint none.ckpt"),
        (["s.ckpt", "--seeds", "3-1"], "--seeds 3-1: write seeds as 0-15"),
        (["s.ckpt", "--seeds", "a"], "--seeds a: write seeds as"),
        (["s.ckpt", "--seeds", "0-9999999"], "at most 10000 at a time"),
        (["s.ckpt", "--psi", "x"], "--psi x: write numbers"),
        (["s.ckpt", "--psi", "1,1,1"], "has 4 layers, so write one number or 4"),
        (["s.ckpt", "--cutoff=-1"], "--cutoff -1: write a number of layers, 0 to 4"),
        (["s.ckpt", "--psi=1", "--psis=0,1"], "leave out --psi"),
        (["s.ckpt", "--mix", "middle"], "has 4 layers, none of them middle"),
        (["s.ckpt", "--mix", "course"], "invalid choice: 'course'"),
        (["s.ckpt", "--mix", "coarse", "--seeds=1"], "name --rows and --columns"),
        (["s.ckpt", "--rows", "1"], "add --mix"),
        (["s.ckpt", "--mix", "coarse", "--interpolate"], "ask for one at a time"),
        (["s.ckpt", "--gif"], "add --interpolate"),
        (["s.ckpt", "--interpolate", "1"], "a way has 2 pictures or more"),
        (["s.ckpt", "--interpolate", "--seeds", "4"], "a way goes from one seed to another"),
        (["s.ckpt", "--class", "1"], "holds a StyleGAN with no classes: leave out --class"),
        (["s.ckpt", "--output", "s.ckpt"], "--output s.ckpt is a file"),
        (["p.ckpt", "--psi", "0.5"], "holds a ProGAN, which has no styles: leave out --psi"),
        (["p.ckpt", "--mix", "fine"], "leave out --mix"),
        (["p.ckpt", "--cutoff", "0"], "leave out --cutoff"),
        (["p.ckpt", "--no-noise"], "leave out --no-noise"),
        (["u.ckpt"], "holds a Pix2Pix, which makes pictures of pictures: gan-zoo translate"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    words: list[str], line: str, style: StyleGAN, capsys: pytest.CaptureFixture[str]
) -> None:
    grown(Path("p.ckpt"))
    save(Pix2Pix(generator=partial(UNet, n_downs=3, ngf=1), discriminator=partial(PixelGAN, ndf=1)), Path("u.ckpt"))
    assert main(["sample", *words]) == 1
    said = capsys.readouterr().err
    assert line in said, said
    assert said.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["p.ckpt", "s.ckpt", "u.ckpt"]
