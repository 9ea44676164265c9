"""``gan-zoo sample --nearest``."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.cli import main
from gan_zoo.cli.neighbours import Near, nearest
from gan_zoo.cli.weights import save
from gan_zoo.models import ProGAN
from gan_zoo.networks import progan
from gan_zoo.training.growth import Still

SIDE, GAP = 8, 4


def pictures(count: int, side: int = SIDE, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_same_picture_is_nearest_and_a_mirrored_one_counts() -> None:
    reals = pictures(150)
    found = nearest(torch.stack([reals[140], reals[7].flip(-1)]), reals)
    assert [near[0] for near in found] == [Near(0, 140, False), Near(0, 7, True)]
    assert all(len({near.position for near in row}) == 3 for row in found)
    assert all(row == sorted(row) for row in found)


def test_distances_are_mean_absolute_differences_of_255() -> None:
    sample, (only,) = torch.ones(1, 1, SIDE, SIDE), -torch.ones(1, 1, SIDE, SIDE)
    (row,) = nearest(sample, [only])
    assert row == [Near(pytest.approx(255), 0, False)]


def test_large_pictures_are_compared_at_64_px() -> None:
    fine = torch.ones(1, 1, 256, 256)
    fine[..., ::2] = -1  # stripes that a mean of four columns does not see
    assert nearest(fine, [torch.zeros(1, 256, 256)], 1) == [[Near(0, 0, False)]]


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    torch.manual_seed(0)
    networks = (partial(net, base=32, most=4) for net in (progan.Generator, progan.Discriminator))
    save(ProGAN(*networks, resolution=SIDE, schedule=Still()), tmp_path / "p.ckpt")
    return "p.ckpt"


def test_a_sheet_of_samples_beside_their_neighbours(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", checkpoint, "--seeds", "0,1", "--each", "--output", "photos"]) == 0
    Image.new("RGB", (12, 10), (0, 255, 0)).save("photos/green.png")
    capsys.readouterr()
    assert main(["sample", checkpoint, "--seeds", "1,0", "--nearest", "photos", "--output", "out"]) == 0
    assert "(seed 0 is 0.0 of 255 away): nearest.png in out" in capsys.readouterr().out
    sheet = np.asarray(Image.open("out/nearest.png"))
    assert sheet.shape == (2 * (SIDE + GAP) + GAP, 4 * (SIDE + GAP) + GAP, 3)
    one, beside, *_, green = np.split(sheet[GAP : GAP + SIDE, GAP:].reshape(SIDE, 4, SIDE + GAP, 3), 4, axis=1)
    assert np.array_equal(one, beside)
    assert np.array_equal(green[0, 0, 0], (0, 255, 0))


def test_mistakes_are_one_line(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    for folder, line in (("none", "none"), ("empty", "empty")):
        assert main(["sample", checkpoint, "--nearest", folder, "--output", "out"]) == 1
        said = capsys.readouterr().err
        assert line in said
        assert said.count("\n") == 1
    assert main(["sample", checkpoint, "--nearest", "empty", "--each"]) == 1
    assert "--each and --nearest are two pictures" in capsys.readouterr().err
    assert not Path("out").exists()
