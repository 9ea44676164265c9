"""Strangers share nothing."""

from pathlib import Path

from PIL import Image
from tests.data.conftest import build, photo

from gan_zoo.data import transforms as T
from gan_zoo.data.kinds.unpaired import Unpaired
from gan_zoo.data.samples import Shot


def test_strangers_are_shuffled_and_cropped_apart(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB"):
        for i in range(6):
            photo(tmp_path / folder / f"{i}.png", 12, 12, seed=i)
    images = build(Unpaired(), tmp_path, Shot(T.ResizeAndCrop(14, 8), seed=1))
    pairs = [(images.domains["a"].order[p], images.domains["b"].order[p]) for p in range(60)]
    assert len(set(pairs)) > 20
    still = Shot(T.ResizeAndCrop(14, 8), seed=1)
    picture = Image.new("RGB", (12, 12))
    assert [still.placement("a", p, picture) for p in range(9)] != [still.placement("b", p, picture) for p in range(9)]
