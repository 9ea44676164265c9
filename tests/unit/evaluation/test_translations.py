import pytest
import torch
from torch import Tensor

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID, SWD
from gan_zoo.metrics.paired import L1, LPIPS
from gan_zoo.metrics.whole import Scores
from gan_zoo.models.cyclegan import CycleGAN
from tests.unit.evaluation.nets import Distance, Tiny, judge

QUICK = Settings(batch_size=3, num_workers=0, cache=False)


def all_of(data: ImageDataModule, split: str, domain: str) -> Tensor:
    images = data.images(split, augment=False)
    return torch.stack([images[i][domain] for i in range(len(images.domains[domain].sources))])  # type: ignore[index]


@torch.no_grad()
def test_each_picture_counts_once_also_where_domains_differ_in_size(two: ImageDataModule, cyclegan: CycleGAN) -> None:
    network = Tiny()
    found = evaluate({"fid": FID(judge(network))}, cyclegan, two, QUICK)
    assert network.calls == 2 * (7 + 5)
    assert {key: (p["images"], p["real_images"]) for key, p in found.protocols.items()} == {
        "fid_tiny_8/ab": (7, 5),
        "fid_tiny_8/ba": (5, 7),
    }
    assert found.headlines["fid"] == pytest.approx(sum(found.values.values()) / 2)


@torch.no_grad()
def test_numbers_are_those_of_the_pictures_themselves(pairs: ImageDataModule, cyclegan: CycleGAN) -> None:
    found = evaluate({"l1": L1(), "lpips": LPIPS(judge(Distance())), "swd": SWD()}, cyclegan, pairs, QUICK).values
    a, b = (all_of(pairs, "test", domain) for domain in "ab")
    assert found["l1/ab"] == pytest.approx(float((cyclegan.translate(a) - b).abs().mean()), rel=1e-5)
    assert found["l1/ba"] == pytest.approx(float((cyclegan.translate(b, "ba") - a).abs().mean()), rel=1e-5)
    assert found["distance/ab"] == pytest.approx(float((cyclegan.translate(a) - b).square().mean()), rel=1e-2)
    assert {"swd_32px/ab", "swd_32px_level_16/ba"} <= set(found)


@torch.no_grad()
def test_the_batch_and_the_seed_are_recorded_and_the_most_is_held(two: ImageDataModule, cyclegan: CycleGAN) -> None:
    found = evaluate({"fid": FID(judge(Tiny()))}, cyclegan, two, Settings(samples=4, cache=False, seed=9))
    about = found.protocols["fid_tiny_8/ab"]
    assert (about["images"], about["real_images"], about["seed"], about["size"]) == (4, 4, 9, "32x32")


@torch.no_grad()
def test_the_models_own_scores_are_means_over_pictures(two: ImageDataModule, cyclegan: CycleGAN) -> None:
    found = evaluate({"cycle": Scores("cycle_"), "identity": Scores("idt_")}, cyclegan, two, QUICK).values
    assert set(found) == {"cycle_a", "cycle_b", "idt_a", "idt_b"}
    a = all_of(two, "test", "a")
    back = cyclegan.translate(cyclegan.translate(a), "ba")
    assert found["cycle_a"] == pytest.approx(float((back - a).abs().mean()), rel=1e-4)
    b = all_of(two, "test", "b")
    assert found["idt_b"] == pytest.approx(float((cyclegan.translate(b) - b).abs().mean()), rel=1e-4)
