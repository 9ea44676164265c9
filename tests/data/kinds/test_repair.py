"""Photographs with holes."""

from pathlib import Path

import torch
from tests.data.conftest import build, good, photo

from gan_zoo.data import transforms as T
from gan_zoo.data.kinds.repair import Repair
from gan_zoo.data.samples import Shot


def test_damage_leaves_known_pixels_and_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    photo(tmp_path / "train" / "0.png", 64, 64)
    images = build(Repair(), tmp_path, Shot(T.KeepSize(64, 64), augment=False), {"a": 4, "b": 3})
    sample = good(images[0])
    alpha, whole = sample["a"][3:], sample["b"]
    assert set(alpha.unique().tolist()) == {-1.0, 1.0}
    assert 0.05 < (alpha < 0).float().mean() < 0.5
    torch.testing.assert_close(sample["a"][:3], whole * (alpha > 0), rtol=0, atol=0)
    torch.testing.assert_close(good(images[0])["a"], sample["a"], rtol=0, atol=0)


def test_holes_depend_on_the_position_alone(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    photo(tmp_path / "train" / "0.png", 64, 64)
    images = build(Repair(), tmp_path, Shot(T.KeepSize(64, 64)), {"a": 4, "b": 3})
    first, second = good(images[0])["a"][3:], good(images[1])["a"][3:]
    assert not torch.equal(first, second)
    assert torch.equal(first, good(images[0])["a"][3:])
