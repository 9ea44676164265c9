"""Two processes with half the batch each train the weights of one process with the whole batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.ddp.worker import Run, weights


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine and ten noisy pictures, so that batches of 4 leave a remainder."""
    root: Path = tmp_path_factory.mktemp("small")
    rng = np.random.default_rng(0)
    for split, count in (("trainA", 9), ("trainB", 10), ("testA", 1), ("testB", 1)):
        (root / split).mkdir()
        for i in range(count):
            Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(root / split / f"{i}.png")
    return root


def assert_equal(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert one["images_seen"] == two["images_seen"]
    for key, expected in one["state"].items():
        # Adam makes whole steps of the rounding noise that is the gradient of a bias in front of a norm.
        tolerance = 1e-8 if key.endswith("bias") else 1e-10
        difference = (two["state"][key] - expected).abs().max().item()
        assert difference <= tolerance, f"{key} differs by {difference}"


MODELS = ["pix2pix", "cyclegan", "cyclegan_noise", "cyclegan_penalty", "bicyclegan", "bicyclegan_shared", "pix2pixhd"]
MODELS += ["munit", "sa_munit", "unit", "unit_shared", "ugatit", "ugatit_full"]


@pytest.mark.parametrize("model", MODELS)
def test_two_ranks_are_one(model: str, data: Path, tmp_path: Path) -> None:
    """Four iterations, the third of them an incomplete batch, the fourth in the next epoch.

    (BicycleGAN leaves incomplete batches out: two iterations each of two epochs.)
    """
    one = weights(Run(model, devices=1, batch_size=4), data, tmp_path)
    two = weights(Run(model, devices=2, batch_size=2), data, tmp_path)
    assert_equal(one, two)


@pytest.mark.parametrize("model", ["progan", "stylegan", "stylegan_lazy"])
def test_growing_on_two_ranks_is_growing_on_one(model: str, data: Path, tmp_path: Path) -> None:
    """Two iterations at the first size, two in a fade; the mean of w is the first rank's."""
    one = weights(Run(model, devices=1, batch_size=8), data, tmp_path)
    two = weights(Run(model, devices=2, batch_size=4), data, tmp_path)
    assert one["images_seen"] == 32
    assert_equal(one, two)


@pytest.mark.parametrize("model", ["progan_stumbling", "progan_stumbling_on_device"])
def test_all_ranks_leave_out_an_update_that_one_of_them_spoils(model: str, data: Path, tmp_path: Path) -> None:
    """Two of four of D's updates, as one process with both halves of the batch does."""
    one = weights(Run(model, devices=1, batch_size=8), data, tmp_path)
    two = weights(Run(model, devices=2, batch_size=4), data, tmp_path)
    assert one["skipped"] == two["skipped"] == {"discriminator/skipped": 2.0, "generator/skipped": 0.0}
    assert_equal(one, two)


def test_micro_batches_of_two_ranks_are_one_batch(data: Path, tmp_path: Path) -> None:
    """Exact for generators that play first: no player of an iteration then waits for another's update."""
    one = weights(Run("cyclegan", devices=1, batch_size=4, iterations=2), data, tmp_path)
    two = weights(Run("cyclegan", devices=2, batch_size=1, micro_batches=2, iterations=2), data, tmp_path)
    assert_equal(one, two)


def test_micro_batches_on_one_rank_are_those_on_two(data: Path, tmp_path: Path) -> None:
    """A discriminator that plays first is met before its update by every micro-batch, on any number of ranks."""
    one = weights(Run("pix2pix", devices=1, batch_size=2, micro_batches=2, iterations=2), data, tmp_path)
    two = weights(Run("pix2pix", devices=2, batch_size=1, micro_batches=2, iterations=2), data, tmp_path)
    assert_equal(one, two)
