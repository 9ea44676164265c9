import math

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.metrics.multimodal import CIS, Diversity, stacked
from gan_zoo.metrics.protocol import Unmeasurable
from tests.unit.evaluation.nets import Distance, judge


class Brightness(nn.Module):
    """Two modes, told with certainty."""

    def forward(self, x: Tensor) -> Tensor:
        light = x.mean(dim=(1, 2, 3))
        return 1000 * torch.stack([-light, light], dim=1)


def outputs(*levels: list[int]) -> Tensor:
    return torch.tensor(levels, dtype=torch.uint8)[:, :, None, None, None].expand(-1, -1, 3, 4, 4)


def test_diversity_is_between_consecutive_outputs() -> None:
    one = Diversity(judge(Distance()), inputs=2, outputs=3)
    rows = one.each(outputs([0, 255, 255], [0, 0, 0]))
    assert rows.tolist() == [2, 0]  # (4 + 0) / 2
    found = one.found(rows)
    assert found.values == {"diversity_distance": 1.0}
    assert found.facts["pairs_per_input"] == 2


def test_cis_is_high_where_each_input_has_all_modes() -> None:
    one = CIS(judge(Brightness()), inputs=2, outputs=4)
    both = one.found(one.each(outputs([0, 255, 0, 255], [255, 0, 255, 0]))).values
    assert both["cis_brightness_2"] == pytest.approx(math.log(2))
    single = one.found(one.each(outputs([0, 0, 0, 0], [255, 255, 255, 255]))).values
    assert single["cis_brightness_2"] == pytest.approx(0, abs=1e-9)
    assert single["cis_is_brightness_2"] == pytest.approx(math.log(2))


def test_no_classifier_is_said() -> None:
    with pytest.raises(Unmeasurable, match=r"judges.classifier._target_=MODULE.CLASS"):
        CIS().needed()


def test_outputs_stand_behind_their_input() -> None:
    first, second = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert torch.equal(stacked([first, second])[1, 1], second[1])
