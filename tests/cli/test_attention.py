"""Where a pixel looks, through ``gan-zoo translate --attention-at``."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.translation import load
from gan_zoo.cli.weights import save
from gan_zoo.layers.attention import SelfAttention
from gan_zoo.layers.heatmap import overlay
from gan_zoo.models import MUNIT, SAMUNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder

from .conftest import draw

CODER = partial(StyleAutoEncoder, style_dim=2, ngf=8, mlp_dim=4, n_downs=1, n_blocks=1)
JUDGE = partial(MultiScale, n_scales=1, ndf=8, each=partial(StridedPatch, n_layers=2))


def prepare(kind: type[MUNIT], **arguments: Any) -> Any:
    """A small model in model.ckpt, whose attention is not even, and an input of 20x17."""
    torch.manual_seed(0)
    model = kind(generator=CODER, discriminator=JUDGE, **arguments)
    for layer in model.modules():
        if isinstance(layer, SelfAttention):
            for parameter in layer.parameters():
                torch.nn.init.normal_(parameter)
    save(model, Path("model.ckpt"))
    draw(Path("a.png"), 20, 17, 0)
    return model


def translate(*words: str) -> int:
    return main(["translate", "model.ckpt", "a.png", "--output", "out", *words])


def test_a_picture_for_each_layer_of_the_direction(tmp_path: Path) -> None:
    prepare(SAMUNIT)
    assert translate("--attention-at", "7,9") == 0
    names = ["a.png", "a_attention-decoder1.png", "a_attention-discriminator1.png"]
    assert sorted(path.name for path in Path("out").iterdir()) == names
    assert {Image.open(path).size for path in Path("out").iterdir()} == {(20, 17)}
    prepare(SAMUNIT, attention="encoder")
    assert translate("--attention-at", "0, 0", "--styles", "2", "--output", "more", "--direction", "ba") == 0
    assert sorted(path.name for path in Path("more").iterdir()) == [
        *("a_attention-encoder1.png", "a_style1.png", "a_style2.png"),
    ]


def test_the_map_is_that_of_the_pixels_position(tmp_path: Path) -> None:
    prepare(SAMUNIT, attention="encoder")
    assert translate("--attention-at", "7,9") == 0
    model, view = load("model.ckpt")
    source, seen = view.read("a.png", "a"), []
    layer: Any = model.generator["a"].content_encoder.layers[1]  # type: ignore[index, union-attr]
    layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        model.translate(source)
        assert seen[0].shape[-2:] == (18, 20)  # a multiple of 2; a map of full size here
        heat = layer.weights(seen[0], 9, 7)[:, :17]
        assert heat.std() > 0
        expected = ((overlay(source, heat)[0] + 1) * 127.5).round().permute(1, 2, 0).numpy()
    found = np.asarray(Image.open("out/a_attention-encoder1.png")).astype(float)
    away = np.ones((17, 20), dtype=bool)
    away[5:14, 3:12] = False  # the ring around the pixel
    assert np.abs(found - expected)[away].max() <= 1
    assert np.abs(found - expected)[~away].max() > 50


@pytest.mark.parametrize(
    ("kind", "at", "line"),
    [
        (MUNIT, "1,1", "holds a MUNIT without self-attention: leave out --attention-at"),
        (SAMUNIT, "20,3", "--attention-at 20,3 lies outside of a picture of 20x17"),
        (SAMUNIT, "3", "--attention-at 3: write two whole numbers, X,Y"),
        (SAMUNIT, "-1,2", "--attention-at"),
    ],
)
def test_mistakes_are_one_line(
    kind: type[MUNIT], at: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(kind)
    assert translate(f"--attention-at={at}") == 1
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1
