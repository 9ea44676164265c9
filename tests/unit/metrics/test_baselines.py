"""Baselines: means, nearest pictures and a Gaussian, each on data whose answer is known."""

import numpy as np
import pytest
import torch

from gan_zoo.data.worlds import Layouts
from gan_zoo.metrics.baselines import MeanPerLabel, PCAGaussian, colour_ids, nearest


def test_colours_have_numbers() -> None:
    images = torch.tensor([-1.0, 1.0, 0.0])[None, :, None, None].expand(1, 3, 2, 2).clone()
    images[0, :, 1, 1] = 1
    ids = colour_ids(images)
    assert ids.dtype == torch.int64
    assert ids[0, 0, 0] == 255 * 256 + 128
    assert ids.unique().tolist() == [255 * 256 + 128, 2**24 - 1]


def test_each_label_gets_the_mean_of_its_pixels() -> None:
    labels = torch.tensor([[[0, 0, 7], [7, 7, 7]]])
    images = torch.arange(12.0).view(1, 2, 2, 3)
    mean = MeanPerLabel()
    mean.update(labels, images)
    mean.update(labels, images + 1)
    out = mean(torch.tensor([[[7, 0, 3]]]))
    assert out.shape == (1, 2, 1, 3)
    assert out[0, :, 0, 0].tolist() == [(2 + 3 + 4 + 5) / 4 + 0.5, (8 + 9 + 10 + 11) / 4 + 0.5]
    assert out[0, :, 0, 1].tolist() == [1.0, 7.0]
    assert out[0, :, 0, 2].tolist() == [3.0, 9.0]  # never seen: the mean of all


def test_nothing_seen_is_said() -> None:
    with pytest.raises(ValueError, match="no pictures have been seen"):
        MeanPerLabel()(torch.zeros(1, 2, 2, dtype=torch.int64))


def test_mean_colours_beat_the_input_and_leave_something_to_learn() -> None:
    world = Layouts()

    def pictures(split: str, part: str, count: int) -> torch.Tensor:
        return torch.from_numpy(np.stack([world.pixels(part, world.scene(split, n), 32) for n in range(count)]))

    mean = MeanPerLabel()
    mean.update(colour_ids(pictures("train", "a", 40)), pictures("train", "b", 40))
    a, b = pictures("test", "a", 10), pictures("test", "b", 10)
    error = (mean(colour_ids(a)) - b).abs().mean()
    assert 0.1 < error < 0.75 * (a - b).abs().mean()


def test_the_nearest_picture_is_found() -> None:
    keys = torch.randn(20, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    queries = keys[order] + 0.1 * torch.randn(20, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    assert torch.equal(nearest(queries, keys), order)


def test_the_gaussian_has_the_pictures_moments() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(4000, 2, generator=generator) * torch.tensor([0.2, 0.05])
    axes = torch.linalg.qr(torch.randn(48, 2, generator=generator))[0]
    images = (0.1 + codes @ axes.T).view(-1, 3, 4, 4)
    fitted = PCAGaussian.fit(images, components=2)
    assert fitted.deviations.tolist() == pytest.approx([0.2, 0.05], rel=0.05)
    drawn = fitted.sample(4000, torch.Generator().manual_seed(1))
    assert drawn.shape == images.shape
    assert torch.allclose(drawn.mean(dim=0), images.mean(dim=0), atol=0.01)
    assert torch.allclose(drawn.flatten(1).T.cov(), images.flatten(1).T.cov(), atol=2e-3)
    assert torch.equal(fitted.sample(4000, torch.Generator().manual_seed(1)), drawn)


def test_the_gaussian_leaves_the_program_s_draws_alone_and_stays_in_range() -> None:
    images = torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 4
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    fitted = PCAGaussian.fit(images)
    assert torch.equal(torch.rand(1), expected)
    assert len(fitted.deviations) == 5
    assert fitted.sample(50, torch.Generator().manual_seed(0)).abs().max() == 1
