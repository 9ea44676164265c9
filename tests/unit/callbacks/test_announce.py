from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.callbacks.conftest import Fit
from torch import nn

from gan_zoo.callbacks.announce import Announce, announcement, count, planned_iterations
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.ugatit import UGATIT
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.training.growth import Growth


def test_lines(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([Announce()], max_epochs=2)
    out = capsys.readouterr().out
    lines = dict(line.split(":", 1) for line in out.splitlines() if ":" in line)
    assert lines["data"].strip().startswith("tiny: ")
    assert lines["model"].strip() == "Pix2Pix: discriminator 0.00 M parameters, generator 0.02 M parameters"
    assert lines["batch"].strip() == "1 cpu device x batch 1 = 1 image an iteration"
    assert lines["precision"].strip() == "32-true"
    assert lines["to go"].strip() == "12 iterations (12 images)"
    assert "batch norm" not in lines  # there is one device


def test_accumulation(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([Announce()], max_epochs=2, accumulate_grad_batches=4)
    out = capsys.readouterr().out
    assert "1 cpu device x batch 1 x 4 micro-batches = 4 images an iteration" in out
    assert "4 iterations (16 images)" in out


def test_several_devices_and_pools() -> None:
    model = CycleGAN(
        generator=partial(ResNet, n_blocks=1, ngf=2), discriminator=partial(PatchGAN, n_layers=1, ndf=2), pool_size=20
    )
    model.more = nn.BatchNorm2d(3)
    lines = dict(announcement(fake_trainer(world_size=8, max_steps=1000), model))
    assert lines["batch"] == "8 cuda devices x batch 2 = 16 images an iteration"
    assert lines["pools"] == "of 20 earlier fakes for the discriminators, one set on each of the 8 devices"
    assert lines["batch norm"].startswith("statistics of each device's own batch (trainer.sync_batchnorm=true")
    assert lines["to go"] == "990 iterations (15,840 images); 10 iterations (0 images) behind"
    model.more = nn.SyncBatchNorm(3)
    assert dict(announcement(fake_trainer(), model))["batch norm"].startswith("statistics of the whole batch")


def test_what_a_model_remarks() -> None:
    """Of U-GAT-IT, what its full style heads take."""
    judge = partial(Discriminator, ndf=1)
    full = UGATIT(partial(Generator, ngf=1, n_blocks=1, size=16), judge, scopes={"local": 3})
    said = dict(announcement(fake_trainer(), full))["note"]
    assert said.startswith("the full style heads have 0.0 M weights: 0.00 GB with gradients and moments")
    assert said.endswith("model.generator.light=true does without")
    light = UGATIT(partial(Generator, ngf=1, n_blocks=1, light=True), judge, scopes={"local": 3})
    assert "note" not in dict(announcement(fake_trainer(), light))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_steps": 100, "max_epochs": -1}, 100),
        ({"max_steps": -1, "max_epochs": 3}, 21),
        ({"max_steps": 15, "max_epochs": 3}, 15),
        ({"max_steps": -1, "max_epochs": 3, "accumulate_grad_batches": 2}, 12),
        ({"max_steps": -1, "max_epochs": -1}, None),
        ({"max_steps": -1, "max_epochs": 3, "num_training_batches": float("inf")}, None),
    ],
)
def test_planned_iterations(options: dict[str, Any], expected: int | None) -> None:
    assert planned_iterations(fake_trainer(**options)) == expected


def test_sizes_of_a_model_that_grows() -> None:
    growth = Growth(16, train_kimg=2, fade_kimg=1.5, batch=8, batches={4: 32}, total_kimg=20)
    model = SimpleNamespace(schedule=growth, players=(), images_seen=2500, global_step=80, images_of_iteration=32)
    model.modules = list
    data = SimpleNamespace(batch_size=None)
    trainer = fake_trainer(train_dataloader=data, max_epochs=1, num_training_batches=1000, world_size=1, global_step=80)
    lines = dict(announcement(trainer, model))
    assert lines["growth"] == (
        "4 px x 32, 8 px x 8, 16 px x 8; 2 + 1.5 thousand images at each size and of each fade; now 8 px"
    )
    assert lines["to go"].startswith("920 iterations (17,500 images); 80 iterations (2,500 images) behind")
    assert "batch" not in lines


def test_counts() -> None:
    assert count(1, "image") == "1 image"
    assert count(1234, "image") == "1,234 images"


def fake_trainer(**options: Any) -> Any:
    defaults = {
        "accumulate_grad_batches": 1,
        "datamodule": None,
        "global_step": 10,
        "max_epochs": -1,
        "max_steps": -1,
        "num_training_batches": 7,
        "precision": "bf16-mixed",
        "callbacks": [],
        "strategy": SimpleNamespace(root_device=SimpleNamespace(type="cuda")),
        "train_dataloader": SimpleNamespace(batch_size=2),
        "world_size": 8,
    }
    return SimpleNamespace(**(defaults | options))


def test_a_limit_of_time_is_said(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([Announce()], max_time="00:00:03:30")
    assert "or 0:03:30 of training if that is sooner" in capsys.readouterr().out


def test_a_time_alone(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    fit([Announce()], max_epochs=-1, max_time="00:00:00:02")
    assert "to go:      0:00:02 of training" in capsys.readouterr().out
