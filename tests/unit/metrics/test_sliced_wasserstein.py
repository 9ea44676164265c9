"""Pyramids, patches and distances of sets whose distance is known (the official numbers are golden)."""

import pytest
import torch
from torch import Tensor

from gan_zoo.metrics.protocol import Unmeasurable
from gan_zoo.metrics.sliced_wasserstein import (
    laplacian_pyramid,
    normalized,
    patches,
    pyramid_distances,
    sliced_wasserstein,
)

PICTURES = 255 * torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_pyramid_of_a_constant_is_nothing_but_its_last_level() -> None:
    levels = laplacian_pyramid(torch.full((1, 3, 64, 64), 9.0))
    assert [level.shape[-1] for level in levels] == [64, 32, 16]
    torch.testing.assert_close(levels[2], torch.full((1, 3, 16, 16), 9.0))
    assert all(level.abs().max() < 1e-4 for level in levels[:2])


def test_patches_lie_about_their_centres() -> None:
    picture = torch.arange(100.0).view(1, 1, 10, 10)
    found = patches(picture, x=torch.tensor([[4, 5]]), y=torch.tensor([[3, 5]]), side=3)
    assert found.shape == (2, 1, 3, 3)
    assert found[0, 0].tolist() == [[23, 24, 25], [33, 34, 35], [43, 44, 45]]
    assert found[1, 0, 1, 1] == 55


def test_each_channel_of_a_set_is_normalised() -> None:
    vectors = normalized(torch.randn(50, 3, 5, 5) * torch.tensor([1.0, 10.0, 5.0])[:, None, None] + 7)
    each = vectors.view(50, 3, 25).movedim(1, 0).flatten(1)
    torch.testing.assert_close(each.mean(dim=1), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(each.std(dim=1, correction=0), torch.ones(3))


def test_a_shift_is_as_far_as_it_is_long_along_its_direction() -> None:
    points = torch.randn(30, 2)
    along = [torch.tensor([[3.0, 0.0], [0.0, 2.0]])]
    found = sliced_wasserstein(points, points.flip(0) + torch.tensor([1.0, 3.0]), along)
    assert found.item() == pytest.approx(2.0, rel=1e-5)  # the mean of 1 and 3


def test_a_set_is_nearer_to_itself_than_to_smoother_pictures() -> None:
    smooth = torch.nn.functional.avg_pool2d(PICTURES, 5, stride=1, padding=2)
    options = {"count": 20, "repeats": 1, "directions": 8}
    same, other = pyramid_distances(PICTURES, PICTURES, **options), pyramid_distances(PICTURES, smooth, **options)
    assert same.shape == (2,)
    assert (same < other).all()
    assert torch.equal(same, pyramid_distances(PICTURES, PICTURES, **options))


@pytest.mark.parametrize("flat", [torch.rand(8, 3, 1, 1).expand(-1, -1, 32, 32), torch.rand(8, 3, 32, 32)])
def test_sets_with_a_channel_that_does_not_vary_have_no_distance(flat: Tensor) -> None:
    flat, other = (255 * flat).clone(), 255 * torch.rand(8, 3, 32, 32)
    flat[:, 2] = 7.0
    with pytest.raises(Unmeasurable, match="does not vary"):
        pyramid_distances(other, flat, 4, 7, 1, 8)
