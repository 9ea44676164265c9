"""Where generators look, through ``gan-zoo translate --attention``."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.translation import load
from gan_zoo.cli.weights import save
from gan_zoo.layers.heatmap import overlay
from gan_zoo.models import UGATIT, Pix2Pix
from gan_zoo.networks.patchgan import PixelGAN
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.networks.unet import UNet

from .conftest import draw

SMALL = partial(
    UGATIT,
    partial(Generator, ngf=2, n_blocks=1, light=True),
    partial(Discriminator, ndf=1),
    scopes={"local": 3},
)


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path) -> None:
    torch.manual_seed(0)
    draw(tmp_path / "in" / "a.png", 16, 24, 0)
    draw(tmp_path / "in" / "b.jpg", 20, 16, 1)


@pytest.mark.parametrize("direction", ["ab", "ba"])
def test_an_overlay_lies_beside_each_translation(direction: str, capsys: pytest.CaptureFixture[str]) -> None:
    save(SMALL(), Path("model.ckpt"))
    words = ["in", "--attention", "--direction", direction, "--output", "out"]
    assert main(["translate", "model.ckpt", *words]) == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        *("a.png", "a_attention.png", "b.png", "b_attention.png"),
    ]
    assert "2 of 2 pictures in out" in capsys.readouterr().out
    model, view = load("model.ckpt")
    source = view.read("in/a.png", direction[0])
    with torch.no_grad():
        fake, heat = model.attended(source, direction)
        shown = overlay(source, heat)[0]
    found = np.asarray(Image.open("out/a_attention.png"))
    assert found.shape == (24, 16, 3)
    assert np.abs(found / 127.5 - 1 - shown.permute(1, 2, 0).numpy()).max() < 0.01
    assert np.array_equal(np.asarray(Image.open("out/a.png")), np.asarray(view.write(fake, source, direction[1])))


def test_names_of_overlays_do_not_replace_other_outputs() -> None:
    save(SMALL(), Path("model.ckpt"))
    draw(Path("in/a_attention.png"), 16, 16, 2)
    assert main(["translate", "model.ckpt", "in", "--attention", "--output", "out"]) == 0
    assert len(list(Path("out").iterdir())) == 6


def test_a_model_without_attention_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    save(SMALL(cam="discriminator"), Path("none.ckpt"))
    save(Pix2Pix(partial(UNet, n_downs=3, ngf=2), partial(PixelGAN, ndf=1)), Path("pix2pix.ckpt"))
    for name, model in (("none", "UGATIT"), ("pix2pix", "Pix2Pix")):
        assert main(["translate", f"{name}.ckpt", "in", "--attention", "--output", "out"]) == 1
        line = f"{name}.ckpt holds a {model} whose generator has no attention to show: leave out --attention"
        assert line in capsys.readouterr().err
    assert not Path("out").exists()
