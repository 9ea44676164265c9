import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.multimodal import CIS, Diversity
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.munit import MUNIT
from tests.unit.evaluation.nets import Distance, Tiny, judge

QUICK = Settings(batch_size=2, num_workers=0, cache=False)
DIVERSITY = {"diversity": Diversity(judge(Distance()), inputs=3, outputs=4)}


@torch.no_grad()
def test_outputs_differ_where_a_model_draws_and_nowhere_else(
    two: ImageDataModule, munit: MUNIT, cyclegan: CycleGAN
) -> None:
    drawn = evaluate(DIVERSITY, munit, two, QUICK)
    assert all(value > 1e-4 for value in drawn.values.values())
    assert drawn.protocols["diversity_distance/ab"]["images"] == 3
    assert drawn.protocols["diversity_distance/ab"]["pairs_per_input"] == 3
    assert evaluate(DIVERSITY, cyclegan, two, QUICK).values == pytest.approx(dict.fromkeys(drawn.values, 0.0))


@torch.no_grad()
def test_numbers_are_those_of_the_seed(two: ImageDataModule, munit: MUNIT) -> None:
    first, again = (evaluate(DIVERSITY, munit, two, QUICK).values for _ in range(2))
    assert first == again
    other = evaluate(DIVERSITY, munit, two, Settings(batch_size=2, num_workers=0, cache=False, seed=1)).values
    assert first != other


@torch.no_grad()
def test_a_classifier_sees_all_outputs(two: ImageDataModule, munit: MUNIT) -> None:
    network = Tiny()
    found = evaluate({"cis": CIS(judge(network), inputs=5, outputs=3)}, munit, two, QUICK)
    assert network.calls == 2 * 5 * 3
    assert set(found.values) == {f"{key}_tiny_8/{place}" for key in ("cis", "cis_is") for place in ("ab", "ba")}
    found = evaluate({"cis": CIS(judge(network), inputs=5, outputs=3, places=("ab",))}, munit, two, QUICK)
    assert set(found.values) == {"cis_tiny_8/ab", "cis_is_tiny_8/ab"}, "a judge of b's modes says nothing of a"
