"""Judges told the truth say so, and are not fooled: by models that know the answers, and by models that do nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_zoo.cli.proof import judges
from gan_zoo.cli.proof.plan import Trial
from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.datasets import Paired, Unpaired
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.data.worlds import Faces, Layouts, Textures

SMALL: dict[str, Any] = {"crop_size": 32, "load_size": 32, "num_workers": 0, "flip": False, "cache_mb": 0}


class Knows(nn.Module):
    """Looks its answers up; ``answers[way]``: pictures, or (N, S, C, H, W)."""

    style_dim = 2

    def __init__(self, inputs: dict[str, Tensor], answers: dict[str, Tensor]) -> None:
        super().__init__()
        self.inputs, self.answers = inputs, answers

    def translate(self, x: Tensor, direction: str = "ab", style: Tensor | None = None) -> Tensor:
        at = int((self.inputs[direction] - x[:1]).abs().flatten(1).sum(1).argmin())
        answer = self.answers[direction][at]
        return answer[None] if style is None else answer[(style.sum(dim=1) * 100).long() % len(answer)]

    def description(self) -> dict[str, Any]:
        return {"_target_": "gan_zoo.models.Pix2Pix", **NOTHING}


NOTHING: dict[str, Any] = {
    "generator": {"_target_": "gan_zoo.networks.unet.UNet", "_partial_": True, "n_downs": 5, "ngf": 2},
    "discriminator": {"_target_": "gan_zoo.networks.patchgan.PixelGAN", "_partial_": True, "ndf": 2},
}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "SCENES", 6)
    monkeypatch.setattr(judges, "SAMPLES", 256)


def module(world: Any, kind: Any) -> ImageDataModule:
    return ImageDataModule(world.name, dataset=kind, world=world, **SMALL)


def knowing(data: ImageDataModule, **changed: Tensor) -> Knows:
    truth, images = data.truth("test"), data.images("test", augment=False)
    assert truth is not None
    at = range(6)
    inputs = {way: torch.stack([images[i][way[0]] for i in at]) for way in truth.ways}  # type: ignore[index]
    return Knows(inputs, {way: truth.targets(way, list(at), 32) for way in inputs} | changed)


def test_paired() -> None:
    data = module(Layouts(train=40, test=6), Paired())
    assert judges.paired(knowing(data), data).learned
    lazy = knowing(data)
    lazy.answers["ab"] = lazy.inputs["ab"]
    verdict = judges.paired(lazy, data)
    assert not verdict.learned
    assert {"L1 of identity", "L1 of mean colour per label", "L1 of nearest neighbour"} <= set(verdict.others)
    assert [len(row) for row in verdict.rows] == [6] * len(verdict.names)


def test_unpaired() -> None:
    data = module(Textures(train=4, test=6), Unpaired())
    assert judges.unpaired(knowing(data), data).learned
    half = knowing(data)
    half.answers["ba"] = half.inputs["ba"]  # one direction alone is not enough
    verdict = judges.unpaired(half, data)
    assert not verdict.learned
    assert [check.kept for check in verdict.checks] == [True, False, True, False]


def test_multimodal() -> None:
    data = module(Layouts(train=4, test=6, styles=4), Paired())
    truth = data.truth("test")
    assert truth is not None
    world = truth.world
    scenes = [world.renderings("b", truth.scene("b", position)) for position in range(6)]
    renderings = [torch.from_numpy(np.stack([world.pixels("b", one, 32) for one in many])) for many in scenes]
    assert judges.multimodal(knowing(data, ab=torch.stack(renderings)), data).learned
    one = torch.stack(renderings)[:, :1]
    verdict = judges.multimodal(knowing(data, ab=one), data)
    assert [check.kept for check in verdict.checks] == [True, False, True]
    between = torch.stack(renderings).mean(1, keepdim=True)
    assert not judges.multimodal(knowing(data, ab=between), data).checks[0].kept
    streets = torch.stack(renderings).roll(1, dims=0)
    verdict = judges.multimodal(knowing(data, ab=streets), data)
    assert not verdict.checks[2].kept, "pictures of other streets than their inputs'"


class Draws(nn.Module):
    def __init__(self, pictures: Tensor) -> None:
        super().__init__()
        self.pictures = pictures

    def sample(self, count: int, seed: int = 0) -> Tensor:
        return self.pictures[seed : seed + count]


def test_unconditional() -> None:
    data = PictureModule(
        "world_faces_images", world=Faces(train=512, test=256), resolution=32, num_workers=0, flip=False
    )
    images = data.images("train", augment=False)
    fresh = torch.stack([images[at]["image"] for at in range(256, 512)])  # type: ignore[index]
    assert judges.unconditional(Draws(fresh), data).learned
    noise = torch.rand(256, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert not judges.unconditional(Draws(noise), data).learned


def test_a_verdict_holds_by_todays_rules_and_with_its_picture(tmp_path: Path) -> None:
    trial = Trial("p", "pix2pix", "paired")
    verdict = {"learned": True, "rules": judges.RULES, "judge": "paired", "picture": "p.jpg"}
    assert not judges.is_current(trial, verdict, tmp_path)
    (tmp_path / "p.jpg").touch()
    assert judges.is_current(trial, verdict, tmp_path)
    assert not judges.is_current(trial, verdict | {"rules": "1: 100"}, tmp_path)
    assert not judges.is_current(Trial("p", "pix2pix", "unpaired"), verdict, tmp_path)
    assert not judges.is_current(trial, {"learned": True}, tmp_path)
