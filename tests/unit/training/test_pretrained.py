"""Frozen networks of others: read when they are first needed, never random."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.networks.vgg import VGG16, VGG19, CaffeVGG16
from gan_zoo.training.config import describe
from gan_zoo.training.pretrained import Judge

INSTEAD = "train without it: model.lambda_vgg=0"


@dataclass(frozen=True)
class Line:
    """A published network of one layer."""

    weights: str | None = None
    address: str = ""
    renamed: ClassVar[Mapping[str, str]] = {"weight": "line"}

    def network(self) -> nn.Module:
        return nn.Conv2d(3, 1, 1, bias=False)


def test_weights_are_read_when_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "line.pth"
    judge = Judge(Line(weights=str(path)), INSTEAD)
    with pytest.raises(UserError, match=r"there are no weights at .*line.pth"):
        judge(torch.ones(1, 3, 1, 1))
    assert judge.network is None
    torch.save({"line": torch.full((1, 3, 1, 1), 2.0), "more": torch.ones(1)}, path)
    assert judge(torch.ones(1, 3, 2, 2)).flatten().tolist() == [6.0] * 4
    path.unlink()
    assert judge(torch.ones(1, 3, 1, 1)).item() == 6


def test_weights_that_do_not_fit_are_refused_and_frozen_ones_stay_as_they_are() -> None:
    judge = Judge(Line(), INSTEAD)
    for wrong in ({}, {"line": torch.ones(2, 3, 1, 1)}):
        with pytest.raises(UserError, match="weight is missing or of another shape"):
            judge.fill(wrong)
    judge.fill({"line": torch.ones(1, 3, 1, 1)})
    x = torch.ones(1, 3, 1, 1, dtype=torch.float64, requires_grad=True)
    judge(x).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.float64
    assert not any(p.requires_grad for p in judge.load().parameters())
    assert judge(torch.ones(1, 3, 1, 1, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize(("network", "file"), [(VGG19, "vgg19-dcbb9e9d.pth"), (VGG16, "vgg16-397923af.pth")])
def test_the_address_is_torchvisions_unless_told_otherwise(network: Any, file: str) -> None:
    assert network().address.startswith("https://")
    assert network().address.rpartition("/")[2] == file
    assert network(url="http://mirror/own-01234567.pth").address == "http://mirror/own-01234567.pth"
    assert describe(network()) == {"_target_": f"gan_zoo.networks.vgg.{network.__name__}", "weights": None, "url": None}


def test_weights_published_nowhere_must_be_named() -> None:
    with pytest.raises(UserError, match=r"the weights of CaffeVGG16 are nowhere to download: name a file"):
        Judge(CaffeVGG16(), INSTEAD).file()
