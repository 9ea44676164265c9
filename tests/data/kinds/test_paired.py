"""Partners share order, crop and mirroring."""

from pathlib import Path

import torch
from PIL import Image
from tests.data.conftest import build, good, photo

from gan_zoo.data import transforms as T
from gan_zoo.data.folders import read_headers
from gan_zoo.data.kinds.paired import Paired
from gan_zoo.data.samples import Shot


def test_partners_share_order_crop_and_mirroring(tmp_path: Path) -> None:
    for i in range(6):
        half = photo(tmp_path / "half.png", 12, 12, seed=i)
        both = Image.new("RGB", (24, 12))
        for x in (0, 12):
            both.paste(Image.open(half), (x, 0))
        (tmp_path / "set" / "train").mkdir(parents=True, exist_ok=True)
        both.save(tmp_path / "set" / "train" / f"{i}.png")
    images = build(Paired(), tmp_path / "set", Shot(T.ResizeAndCrop(14, 8), seed=1))
    for position in range(12):
        sample = good(images[position])
        assert torch.equal(sample["a"], sample["b"])
        assert sample["a"].shape == (3, 8, 8)


def test_partners_of_unlike_size(tmp_path: Path) -> None:
    for i in range(2):
        photo(tmp_path / "A" / f"{i}.png", 12, 12)
        photo(tmp_path / "B" / f"{i}.png", 12, 12 + i)
    split = Paired().layout(tmp_path).splits["train"]
    headers = read_headers(source.path for source in (*split.a, *split.b))
    (message,) = Paired().problems(split, headers, T.ResizeAndCrop(14, 8)).messages()
    assert message == f"{tmp_path}/A/1.png is 12x12 but its partner {tmp_path}/B/1.png is 12x13: make them equal"
