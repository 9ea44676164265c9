from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.metrics.latent import PathLength, Separability
from gan_zoo.metrics.protocol import Unmeasurable
from tests.unit.evaluation.nets import Distance, judge


class Plane:
    """Styles whose first number is the picture's brightness."""

    name = "w"

    def __init__(self, gain: float = 0.5) -> None:
        self.gain = gain

    def codes(self, numbers: Sequence[int], seed: int) -> Tensor:
        return torch.stack([torch.randn(3, generator=torch.Generator().manual_seed(seed + n)) for n in numbers])

    def render(self, codes: Tensor) -> Tensor:
        return (self.gain * codes[:, :1, None, None]).expand(-1, 3, 8, 8)


class Brightness(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(1, 2, 3))[:, None]


def test_path_length_is_the_square_of_the_speed() -> None:
    """A picture changes by gain * (b - a) * epsilon: the distance over epsilon^2 is the square of the former two."""
    one = PathLength(judge(Distance()), samples=20, epsilon=1e-2)
    rows = one.each(Plane(), range(20), seed=5)
    first, second = Plane().codes(range(0, 40, 2), 5), Plane().codes(range(1, 40, 2), 5)
    expected = (0.5 * (second - first)[:, 0]).square()
    torch.testing.assert_close(rows["full"], expected, rtol=2e-2, atol=1e-4)
    torch.testing.assert_close(rows["end"], expected, rtol=2e-2, atol=1e-4)
    assert list(one.found("w", rows).values) == ["ppl_wfull_distance", "ppl_wend_distance"]


def test_places_on_the_way_do_not_depend_on_the_batch() -> None:
    one = PathLength(judge(Distance()), epsilon=1e-2)
    together, alone = one.each(Plane(), [3, 4], 0), one.each(Plane(), [4], 0)
    assert torch.equal(together["full"][1:], alone["full"])


def test_a_plane_tells_apart_what_lies_on_its_sides() -> None:
    one = Separability(judge(Brightness()), samples=200)
    rows = one.each(Plane(), range(200), 0)
    found = one.found("w", rows)
    assert found.facts["kept"] == 100
    assert found.values["separability_w_brightness_1"] < 1.2
    mixed = {**rows, "logits": rows["logits"][torch.randperm(200, generator=torch.Generator().manual_seed(0))]}
    assert one.found("w", mixed).values["separability_w_brightness_1"] > 1.5


def test_what_is_missing_is_said() -> None:
    with pytest.raises(Unmeasurable, match=r"judges.attributes._target_=MODULE.CLASS"):
        Separability().needed()
    with pytest.raises(Unmeasurable, match="needs at least 20, and there are 4"):
        Separability(judge(Brightness())).found("w", {"codes": torch.ones(4, 2), "logits": torch.ones(4, 1)})
