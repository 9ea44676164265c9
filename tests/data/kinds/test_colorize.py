"""Lightness and colour of photographs."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tests.data.conftest import build, good

from gan_zoo.data import transforms as T
from gan_zoo.data.color import lab_tensors
from gan_zoo.data.kinds.colorize import Colorize
from gan_zoo.data.samples import Shot


def test_lab_samples(glued: Path, tmp_path: Path) -> None:
    mode = T.ResizeAndCrop(12, 12)
    images = build(Colorize(half="right"), glued, Shot(mode, augment=False), split="val")
    lightness, chroma = lab_tensors(np.asarray(Image.open(glued / "val" / "1.png").crop((12, 0, 24, 12))))
    sample = good(images[1])
    assert torch.equal(sample["a"], lightness)
    assert torch.equal(sample["b"], chroma)
    assert len(build(Colorize(), glued, Shot(mode))) == 5
    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((12, 12), 65535, dtype=np.uint16)).save(tmp_path / "deep" / "white.png")
    white = good(build(Colorize(), tmp_path / "deep", Shot(mode))[0])
    assert white["a"].min() > 0.999
