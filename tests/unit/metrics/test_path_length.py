"""Path lengths of made-up generators (the official numbers are golden)."""

import math

import pytest
import torch

from gan_zoo.metrics import path_length
from gan_zoo.metrics.path_length import at_most, face_crop, lerp, path_distances, slerp, trimmed


def codes(seed: int, count: int = 50) -> torch.Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def squared(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a - b).square().sum(dim=(1, 2, 3))


def flat(w: torch.Tensor) -> torch.Tensor:
    """A generator whose pictures are their codes: (N, 6, 8, 8), one of whose 16 squares is cropped four times."""
    return w[:, :, None, None].expand(-1, -1, 8, 8)


def test_a_linear_generator_moves_as_far_as_its_codes() -> None:
    first, second = codes(0), codes(1)
    found = path_distances(first, second, torch.rand(50).double(), lerp, flat, squared)
    expected = 16 * 127.5**2 * (second - first).square().sum(dim=1)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def test_on_the_sphere_all_places_of_a_way_are_as_fast() -> None:
    first, second = codes(0), codes(1)
    found = [path_distances(first, second, t, slerp, flat, squared) for t in (torch.zeros(50), torch.rand(50))]
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=0)
    cosine = torch.cosine_similarity(first, second)
    torch.testing.assert_close(found[0], 16 * 127.5**2 * cosine.acos().square(), rtol=1e-4, atol=0)


def test_slerp_ends_at_the_directions_of_both() -> None:
    first, second = codes(0), codes(1)
    for place, end in ((0.0, first), (1.0, second)):
        found = slerp(first, second, torch.full((50,), place, dtype=torch.float64))
        torch.testing.assert_close(found, end / end.norm(dim=1, keepdim=True))
    right_angle = slerp(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 5.0]]), torch.tensor([0.5]))
    torch.testing.assert_close(right_angle, torch.full((1, 2), math.sqrt(0.5)))


def test_both_ends_are_rendered_together_so_that_they_have_the_same_noise() -> None:
    calls = []
    path_distances(codes(0), codes(1), torch.zeros(50), lerp, lambda w: (calls.append(len(w)), flat(w))[1], squared)
    assert calls == [100]


def test_the_crop_and_the_largest_size() -> None:
    picture = torch.arange(16.0).view(1, 1, 16, 1) * 100 + torch.arange(16.0)
    crop = face_crop(picture)[0, 0]
    assert crop.shape == (8, 8)
    assert (crop[0, 0].item(), crop[-1, -1].item()) == (604.0, 1311.0)
    assert at_most(torch.zeros(1, 1, 300, 300)).shape[-1] == 300
    assert at_most(torch.arange(64.0).view(1, 1, 8, 8), 4)[0, 0, 0, 0] == (0 + 1 + 8 + 9) / 4


def test_outliers_of_both_sides_do_not_count() -> None:
    values = torch.cat([torch.tensor([-1e9, 1e9]), torch.full((298,), 2.0), torch.tensor([1.0, 3.0])])
    assert trimmed(values).tolist() == [2.0] * 298
    assert path_length.path_length([values[:100], values[100:]]).item() == pytest.approx(2.0)
