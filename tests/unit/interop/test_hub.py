"""``gan_zoo.load``: a model from a file, or one line that says why not."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.models import CycleGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.training import config
from tests.unit import world


@pytest.fixture(autouse=True)
def own_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test trusts, others do not."""
    monkeypatch.setattr(config, "_TRUSTED", list(config._TRUSTED))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "x.ckpt"
    world.fit(world.cyclegan(), world.samples(2)).save_checkpoint(path)
    return path


def changed(checkpoint: Path, folder: Path, change: Any) -> Path:
    stored = torch.load(checkpoint, weights_only=True)
    change(stored)
    torch.save(stored, folder / "changed.ckpt")
    return folder / "changed.ckpt"


@pytest.mark.parametrize("kind", [Path, str])
def test_a_checkpoint_becomes_a_model_ready_to_translate(checkpoint: Path, kind: Any) -> None:
    model = gan_zoo.load(kind(checkpoint))
    assert isinstance(model, CycleGAN)
    assert not any(layer.training for layer in model.modules())
    assert model.images_seen == 2
    stored = torch.load(checkpoint, weights_only=True)["state_dict"]
    assert all(torch.equal(value, stored[key]) for key, value in model.state_dict().items())
    assert model.translate(torch.zeros(1, 3, 9, 9), "ba").shape == (1, 3, 9, 9)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no checkpoint .*nowhere\.ckpt"):
        gan_zoo.load(tmp_path / "nowhere.ckpt")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file(checkpoint: Path, tmp_path: Path, share: float) -> None:
    whole = checkpoint.read_bytes()
    (tmp_path / "short.ckpt").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match=r"cannot read the checkpoint .*short\.ckpt: it is truncated"):
        gan_zoo.load(tmp_path / "short.ckpt")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.ckpt").write_text("not a checkpoint")
    with pytest.raises(UserError, match=r"cannot read the checkpoint .*notes\.ckpt"):
        gan_zoo.load(tmp_path / "notes.ckpt")


class Harm:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def test_pickled_code_is_not_run(checkpoint: Path, tmp_path: Path) -> None:
    bad = changed(checkpoint, tmp_path, lambda stored: stored.update(harm=Harm(tmp_path / "harm")))
    with pytest.raises(UserError, match=r"it holds pickled code, which is never run"):
        gan_zoo.load(bad)
    assert not (tmp_path / "harm").exists()


def test_described_code_is_not_run_either(checkpoint: Path, tmp_path: Path) -> None:
    attack = {"_target_": "os.system", "_args_": [f"touch {tmp_path / 'harm'}"]}
    bad = changed(checkpoint, tmp_path, lambda stored: stored["gan_zoo"]["model"].update(init=attack))
    with pytest.raises(UserError, match=r"os.system is not part of gan_zoo or torch"):
        gan_zoo.load(bad)
    assert not (tmp_path / "harm").exists()


def test_a_file_of_the_reference(tmp_path: Path) -> None:
    torch.save(world.pix2pix().generator.state_dict(), tmp_path / "latest_net_G.pth")
    with pytest.raises(UserError, match=r"latest_net_G\.pth .*gan-zoo import"):
        gan_zoo.load(tmp_path / "latest_net_G.pth")


def test_a_checkpoint_of_another_program(checkpoint: Path, tmp_path: Path) -> None:
    foreign = changed(checkpoint, tmp_path, lambda stored: stored.pop("gan_zoo"))
    with pytest.raises(UserError, match=r"was not written by gan_zoo"):
        gan_zoo.load(foreign)


def test_a_description_that_is_no_model(checkpoint: Path, tmp_path: Path) -> None:
    description = {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1}
    other = changed(checkpoint, tmp_path, lambda stored: stored["gan_zoo"].update(model=description))
    with pytest.raises(UserError, match=r"does not describe a model of this zoo"):
        gan_zoo.load(other)


def test_a_description_with_arguments_of_another_version(checkpoint: Path, tmp_path: Path) -> None:
    newer = changed(checkpoint, tmp_path, lambda stored: stored["gan_zoo"]["model"].update(lambda_new=1.0))
    with pytest.raises(UserError, match=r"describes a model that this version cannot build: .*lambda_new"):
        gan_zoo.load(newer)


def test_weights_that_do_not_fit_their_description(checkpoint: Path, tmp_path: Path) -> None:
    wrong = changed(checkpoint, tmp_path, lambda stored: stored["gan_zoo"]["model"]["generator"].update(ngf=5))
    with pytest.raises(UserError, match=r"the weights in .* do not fit the model that it describes") as caught:
        gan_zoo.load(wrong)
    assert "\n" not in str(caught.value)


class Wide(ResNet):
    """A user's own network."""


def test_networks_of_ones_own_are_loaded_where_they_are_trusted(tmp_path: Path) -> None:
    model = world.cyclegan(generator=partial(Wide, n_blocks=1, ngf=2))
    world.fit(model, world.samples(1)).save_checkpoint(tmp_path / "own.ckpt")
    with pytest.raises(UserError, match=r"test_hub\.Wide is not part of gan_zoo or torch"):
        gan_zoo.load(tmp_path / "own.ckpt")
    again = gan_zoo.load(tmp_path / "own.ckpt", trust=["tests"])
    assert isinstance(again.generator["ab"], Wide)
    assert torch.equal(world.weights(again), world.weights(model))
