"""Several outputs for one input, through ``gan-zoo translate``."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.styles import Request
from gan_zoo.cli.translation import load, plan
from gan_zoo.cli.weights import save
from gan_zoo.models import BicycleGAN, Pix2Pix
from gan_zoo.networks.latent_encoder import ConvEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.patchgan import PixelGAN
from gan_zoo.networks.unet import UNet

from .conftest import draw


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A BicycleGAN of a few hundred parameters, whose styles show, and two inputs of unlike sizes."""
    torch.manual_seed(0)
    model = BicycleGAN(
        generator=partial(LatentUNet, n_downs=3, ngf=4),
        encoder=partial(ConvEncoder, n_layers=1, nef=2),
        discriminator=partial(PixelGAN, ndf=1),
        nz=2,
    )
    for parameter in (*model.generator.parameters(), *model.encoder.parameters()):
        torch.nn.init.normal_(parameter, std=0.3)
    save(model, tmp_path / "model.ckpt")
    draw(tmp_path / "in" / "a.png", 16, 24, 0)
    draw(tmp_path / "in" / "b.jpg", 8, 9, 1)
    return tmp_path / "model.ckpt"


def translate(*words: str, status: int = 0) -> dict[str, np.ndarray]:
    """The pictures in ``out`` by name."""
    assert main(["translate", "model.ckpt", *words, "--output", "out"]) == status
    return {path.relative_to("out").as_posix(): np.asarray(Image.open(path)) for path in Path("out").rglob("*.png")}


def expected(picture: str, style: torch.Tensor) -> np.ndarray:
    model, view = load("model.ckpt")
    source = view.read(picture, "a")
    with torch.no_grad():
        return np.asarray(view.write(model.translate(source, style=style), source, "b"))  # type: ignore[call-arg]


def test_random_styles_are_the_same_for_all_inputs(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = translate("in", "--styles", "3", "--seed", "5")
    assert sorted(found) == [f"{name}_style{n}.png" for name in "ab" for n in (1, 2, 3)]
    assert "2 of 2 pictures, 3 outputs each, in out" in capsys.readouterr().out
    generator = torch.Generator().manual_seed(5)
    for n in (1, 2, 3):
        style = torch.randn(1, 2, generator=generator)
        for name in ("a.png", "b.jpg"):
            assert np.array_equal(found[f"{name[0]}_style{n}.png"], expected(f"in/{name}", style))
    assert not np.array_equal(found["a_style1.png"], found["a_style2.png"])
    again = translate("in", "--styles", "3", "--seed", "6")
    assert not np.array_equal(again["a_style1.png"], found["a_style1.png"])


def test_without_an_option_there_is_one_output_the_same_each_time(checkpoint: Path) -> None:
    found = translate("in")
    assert sorted(found) == ["a.png", "b.png"]
    assert np.array_equal(translate("in")["a.png"], found["a.png"])
    assert np.array_equal(translate("in", "--styles", "1")["a_style1.png"], found["a.png"])


def test_styles_of_pictures(checkpoint: Path, tmp_path: Path) -> None:
    draw(tmp_path / "s" / "red.png", 20, 20, 2)
    draw(tmp_path / "s" / "big.png", 90, 50, 3)
    draw(tmp_path / "t" / "red.png", 31, 16, 4)
    found = translate("in/a.png", "--styles", "1", "--style-image", "s/red.png", "s/big.png", "t/red.png")
    assert sorted(found) == ["a_style-big.png", "a_style-red-2.png", "a_style-red.png", "a_style1.png"]
    model: Any
    model, view = load("model.ckpt")
    for name, path in (("red", "s/red.png"), ("big", "s/big.png"), ("red-2", "t/red.png")):
        with torch.no_grad():
            style = model.encode_style(view.read(path, "b"))
        assert np.array_equal(found[f"a_style-{name}.png"], expected("in/a.png", style))


def test_the_way_between_two_styles_is_a_strip(checkpoint: Path, tmp_path: Path) -> None:
    ends = translate("in/a.png", "--styles", "2")
    strip = translate("in/a.png", "--interpolate", "4")["a_interpolation.png"]
    assert strip.shape == (24, 4 * 16, 3)
    assert np.array_equal(strip[:, :16], ends["a_style1.png"])
    assert np.array_equal(strip[:, -16:], ends["a_style2.png"])
    draw(tmp_path / "x.png", 20, 20, 2)
    draw(tmp_path / "y.png", 20, 20, 3)
    ends = translate("in/a.png", "--style-image", "x.png", "y.png")
    between = translate("in/a.png", "--interpolate", "3", "--style-image", "x.png", "y.png")["a_interpolation.png"]
    assert np.array_equal(between[:, :16], ends["a_style-x.png"])
    assert np.array_equal(between[:, -16:], ends["a_style-y.png"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--styles", "0"], "--styles 0: ask for 1 or more"),
        (["--styles", "two"], "--styles"),
        (["--interpolate", "1"], "--interpolate 1: a way has 2 outputs or more"),
        (["--interpolate", "3", "--styles", "2"], "--interpolate goes between two --style-image"),
        (["--interpolate", "3", "--style-image", "in/a.png"], "--interpolate goes between two --style-image"),
        (["--style-image", "none.png"], "none.png"),
    ],
)
def test_mistakes(checkpoint: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str) -> None:
    assert translate("in", *words, status=1) == {}
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [["--styles", "2"], ["--style-image", "in/a.png"], ["--interpolate", "3"]])
def test_a_model_of_one_output_says_so(checkpoint: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    save(Pix2Pix(partial(UNet, n_downs=3, ngf=1), partial(PixelGAN, ndf=1)), checkpoint)
    assert translate("in", *words, status=1) == {}
    said = capsys.readouterr().err
    assert "model.ckpt holds a Pix2Pix, which has one output for an input: leave out --styles" in said
    assert said.count("\n") == 1


def test_names_of_several_outputs_cannot_collide(tmp_path: Path) -> None:
    for name in ("a.png", "a_style1.png", "A.jpg"):
        draw(tmp_path / name, 4, 4, 0)
    asked = [Request("_style1"), Request("_style2")]
    jobs = plan([tmp_path / name for name in ("a.png", "a_style1.png", "A.jpg")], tmp_path, asked)
    files = [str(request.target(job.target)).casefold() for job in jobs for request in asked]
    assert len(set(files)) == len(files) == 6
    assert not set(files) & {str(job.source).casefold() for job in jobs}


def test_the_way_may_be_an_animation(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strip = translate("in/a.png", "--interpolate", "3")["a_interpolation.png"]
    assert translate("in/a.png", "--interpolate", "3", "--gif").keys() == {"a_interpolation.png"}
    with Image.open("out/a_interpolation.gif") as animation:
        assert (animation.n_frames, animation.size) == (4, (16, 24))  # there, and back without the ends
        animation.seek(2)
        last = np.asarray(animation.convert("RGB")).astype(float)
    assert np.abs(last - strip[:, 32:48].astype(float)).mean() < 8  # of 256 colours
    translate("in/a.png", "--gif", status=1)
    assert "--gif shows the way between two styles: add --interpolate N" in capsys.readouterr().err
