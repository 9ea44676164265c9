from types import SimpleNamespace
from typing import Any

import torch

from gan_zoo.cli.proof.baselines import gaussian, paired, pictures

RED, BLUE = torch.tensor([1.0, -1.0, -1.0]), torch.tensor([-1.0, -1.0, 1.0])


def halves(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """3 x 8 x 8, of two colours."""
    picture = left[:, None, None].expand(3, 8, 8).clone()
    picture[:, :, 4:] = right[:, None, None]
    return picture


class Data:
    """Red becomes dark or bright, blue is gray: two training scenes."""

    def __init__(self, samples: list[dict[str, torch.Tensor]]) -> None:
        self.samples = samples

    def images(self, split: str, augment: bool) -> list[dict[str, torch.Tensor]]:
        assert split == "train"
        assert not augment
        return self.samples


def answer(value: float) -> torch.Tensor:
    return halves(torch.full((3,), value), torch.zeros(3))


def scenes(batch: dict[str, torch.Tensor]) -> Any:
    description = {"_target_": "torch.nn.Identity"}
    model = SimpleNamespace(description=lambda: description)
    return SimpleNamespace(batch=batch, model=model, translated=lambda way, network: network(batch.get("a")))


def test_of_label_maps_in_colours() -> None:
    data = Data([{"a": halves(RED, BLUE), "b": answer(0.2)}, {"a": halves(BLUE, RED), "b": answer(0.6).flip(-1)}])
    asked = halves(RED, BLUE)[None]
    found = paired(scenes({"a": asked}), data)
    assert torch.allclose(found["mean colour per label"], answer(0.4)[None])
    assert torch.equal(found["nearest neighbour"], answer(0.2)[None])
    assert torch.equal(found["identity"], asked)
    assert torch.equal(found["untrained network"], asked)


def test_of_maps_of_ids() -> None:
    label = torch.arange(64).view(1, 8, 8) % 2
    data = Data([{"label": label, "image": torch.where(label == 1, 0.5, -0.5).expand(3, 8, 8)}])
    found = paired(scenes({"label": label[None]}), data)
    assert torch.equal(found["mean colour per label"], torch.where(label == 1, 0.5, -0.5).expand(1, 3, 8, 8))
    assert "identity" not in found


def test_gaussian_samples_are_pictures_and_the_same_each_time() -> None:
    known = torch.rand(20, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    drawn = gaussian(known, 7)
    assert drawn.shape == (7, 3, 4, 4)
    assert torch.equal(drawn, gaussian(known, 7))


def test_pictures_of_a_split() -> None:
    data = Data([{"image": torch.full((3, 4, 4), float(n))} for n in range(3)])
    assert pictures(data, "train", "image", 2).flatten(1)[:, 0].tolist() == [0, 1]
