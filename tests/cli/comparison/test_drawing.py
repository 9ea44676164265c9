from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.cli.comparison.drawing import draw, facts, measures, samples, write_inputs
from gan_zoo.cli.comparison.plan import Job
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Paired
from gan_zoo.errors import UserError


def data_of(pairs: Path) -> ImageDataModule:
    return ImageDataModule("paired", pairs, Paired(), load_size=36, crop_size=32, num_workers=0)


def test_inputs_are_the_test_pictures(pairs: Path, tmp_path: Path) -> None:
    about = write_inputs(data_of(pairs), 5, tmp_path)
    assert about["inputs"] == 2  # there are no more
    assert about["paired"] is True
    assert "paired" in about["data"]
    wanted = data_of(pairs).fixed_samples(2, "test")["b"][1]
    with Image.open(tmp_path / "inputs" / "b" / "001.png") as image:
        shown = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)
    assert torch.allclose(shown / 127.5 - 1, wanted, atol=0.01)


def test_the_inputs_through_the_model(trained: Path, pairs: Path, tmp_path: Path) -> None:
    words = ["data=paired", f"data.root={pairs}", "data.load_size=36", "data.crop_size=32", "trainer=cpu"]
    found = draw(Job("one", str(tmp_path / "one"), None, str(trained), words, 2))
    assert found["class"] == "Pix2Pix"
    assert found["directions"] == ["ab"]
    assert found["translations_per_second"] is None  # of two pictures no speed is told
    again = draw(Job("one", str(tmp_path / "two"), None, str(trained), words, 2))
    assert again["parameters"] == found["parameters"]
    one, two = (
        [(path.name, path.read_bytes()) for path in sorted(tmp_path.glob(f"{n}/pictures/ab/*"))] for n in ("one", "two")
    )
    assert len(one) == 2
    assert one == two  # noise at test time is the same each time
    model = gan_zoo.load(trained)
    torch.manual_seed(1)
    with torch.inference_mode():
        made = model.translate(samples(data_of(pairs), 2)["a"][1:2])
    with Image.open(tmp_path / "one" / "pictures" / "ab" / "001.png") as image:
        shown = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)
    assert torch.allclose(shown / 127.5 - 1, made[0], atol=0.01)


def test_facts(trained: Path) -> None:
    model = gan_zoo.load(trained)
    found = facts(model)
    assert sum(found["parameters"].values()) == sum(p.numel() for p in model.parameters())
    assert found["images_seen"] == 2


def test_data_without_two_sides() -> None:
    pictures = SimpleNamespace(name="mine", fixed_samples=lambda n, split: {"image": torch.zeros(1, 3, 8, 8)})
    with pytest.raises(UserError, match="data=mine has no pictures of two sides"):
        samples(pictures, 1)
    with pytest.raises(UserError, match="data=mine offers no fixed samples"):
        samples(SimpleNamespace(name="mine"), 1)


def test_no_measures(tmp_path: Path) -> None:
    assert measures(tmp_path) == {}
