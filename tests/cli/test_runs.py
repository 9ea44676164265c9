import math
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning import Trainer
from omegaconf import OmegaConf

from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.progress import ProgressBar
from gan_zoo.callbacks.tick import Tick
from gan_zoo.cli import runs
from gan_zoo.errors import UserError
from gan_zoo.models import CycleGAN, Pix2Pix

SMALL = {
    "_target_": "gan_zoo.models.Pix2Pix",
    "generator": {"_target_": "gan_zoo.networks.unet.UNet", "_partial_": True, "n_downs": 3, "ngf": 4},
    "discriminator": {"_target_": "gan_zoo.networks.patchgan.PatchGAN", "_partial_": True, "ndf": 4},
}


def test_a_failed_trial_is_nan_that_optuna_refuses() -> None:
    value = runs.FailedTrial("no folder")
    assert math.isnan(value)
    with pytest.raises(ValueError, match="this trial failed: no folder"):
        float(value)
    travelled = pickle.loads(pickle.dumps(value))
    assert isinstance(travelled, runs.FailedTrial)
    assert travelled.reason == "no folder"


def test_trial_says_why_in_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(cfg: object) -> float:
        raise UserError("no folder")

    monkeypatch.setattr(runs, "train", fail)
    assert isinstance(runs.trial(OmegaConf.create()), runs.FailedTrial)
    assert capsys.readouterr().err == "error: this trial failed: no folder\n"


def test_the_model_keeps_its_configuration() -> None:
    model = runs.build_model(OmegaConf.create(SMALL))
    assert isinstance(model, Pix2Pix)
    assert model.hparams["generator"]["n_downs"] == 3
    assert all(p.numel() < 2e4 for p in model.parameters())


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"lambda_foo": 3}, "does not fit its class.*lambda_foo"),
        ({"_target_": "gan_zoo.models.Pix3Pix"}, "Pix3Pix"),
        ({"generator": {"_target_": "gan_zoo.networks.unet.Vnet", "_partial_": True}}, "Vnet"),
    ],
)
def test_a_wrong_model_configuration_is_one_line(change: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        runs.build_model(OmegaConf.create({**SMALL, **change}))


def test_optimized() -> None:
    trainer: Any = SimpleNamespace(callback_metrics={"val/l1": torch.tensor(0.5), "val/psnr": torch.tensor(3.0)})
    assert runs.optimized(trainer, "val/l1") == 0.5
    assert runs.optimized(trainer, None) is None
    with pytest.raises(UserError, match=r"optimized_metric=val/l2 was not logged \(did you mean val/l1"):
        runs.optimized(trainer, "val/l2")


def test_fingerprint_is_of_the_configuration_and_not_of_the_folder() -> None:
    first, second = (
        {"run_dir": folder, "logger": {"save_dir": f"{folder}/csv"}, "lr": 1} for folder in ("/a/1", "/b/22")
    )
    assert runs.fingerprint(OmegaConf.create(first)) == runs.fingerprint(OmegaConf.create(second))
    assert runs.fingerprint(OmegaConf.create(first)) != runs.fingerprint(OmegaConf.create({**first, "lr": 2}))


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {}, "gan_zoo": {"model": {"_target_": "gan_zoo.models.pix2pix.Pix2Pix"}}}, path)
    model = CycleGAN(
        generator={"_target_": "gan_zoo.networks.resnet.ResNet", "_partial_": True, "n_blocks": 1, "ngf": 4}
    )  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"x\.ckpt is a checkpoint of Pix2Pix, and this run trains CycleGAN"):
        runs.check_resumable(path, model)
    torch.save({"state_dict": {}, "gan_zoo": {"model": {"_target_": "gan_zoo.models.cyclegan.CycleGAN"}}}, path)
    with pytest.raises(UserError, match="imported weights"):
        runs.check_resumable(path, model)


def test_null_switches_a_member_off() -> None:
    group = OmegaConf.create({"a": {"_target_": "x"}, "b": None, "c": {"no": "target"}})
    assert [one._target_ for one in runs.members(group)] == ["x"]
    assert runs.members(None) == []


@pytest.mark.parametrize("switch", ["enable_progress_bar", "enable_checkpointing"])
def test_lightnings_switches_leave_our_callbacks_out(switch: str, tmp_path: Path) -> None:
    every = [ProgressBar(), Checkpoint(dirpath=tmp_path), Tick()]
    assert runs.wanted(every, {}) == runs.wanted(every, {switch: True}) == every
    left = runs.wanted(every, {switch: False})
    assert len(left) == 2
    Trainer(callbacks=left, logger=False, accelerator="cpu", **{switch: False})  # type: ignore[arg-type]


def test_results_are_announced_where_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "last.ckpt").touch()
    (tmp_path / "run" / "gallery.html").touch()
    runs.announce_results(tmp_path / "run")
    said = capsys.readouterr().out
    assert "gallery:    run/gallery.html\n" in said
    assert "checkpoint: run/checkpoints/last.ckpt\n" in said
    assert "gan-zoo translate run/checkpoints/last.ckpt PICTURES --output translated" in said
    runs.announce_results(tmp_path / "run", samples=True)
    assert "gan-zoo sample run/checkpoints/last.ckpt --output samples" in capsys.readouterr().out


def test_hushed_leaves_levels_as_they_were() -> None:
    import logging

    import lightning  # noqa: F401

    before = logging.getLogger("lightning.pytorch").level
    with runs.hushed():
        assert logging.getLogger("lightning.pytorch").level == logging.WARNING
    assert logging.getLogger("lightning.pytorch").level == before
