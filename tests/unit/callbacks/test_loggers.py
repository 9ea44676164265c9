import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks import loggers
from gan_zoo.callbacks.checkpoint import Checkpoint
from gan_zoo.callbacks.grids import ImageGrids
from gan_zoo.callbacks.loggers import finish, mode, run_id, sweep_name, wandb_logger
from gan_zoo.callbacks.tick import Tick
from gan_zoo.errors import UserError


@pytest.fixture(autouse=True)
def no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without key, answering nothing."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    yield
    finish()


def test_a_whole_run_offline(fit: Fit, tmp_path: Path) -> None:
    config = {"model": {"lambda_l1": 100.0}, "data": {"name": "tiny"}}
    logger = wandb_logger(tmp_path, tags=["pix2pix", "tiny"], group="sweep", config=config, log_model=True)
    callbacks = [Tick(), Checkpoint(tmp_path / "checkpoints"), ImageGrids(tmp_path / "samples", n_samples=1)]
    fit(callbacks, logger=logger)
    run = logger.experiment
    assert run.settings.mode == "offline"
    assert run.id == (tmp_path / "wandb_run_id").read_text().strip()
    assert run.name == tmp_path.name
    assert (run.group, run.tags, run.project) == ("sweep", ("pix2pix", "tiny"), "gan_zoo")
    assert run.config["model"]["lambda_l1"] == 100.0
    summary = dict(run.summary)
    assert summary["images_seen"] == 12
    assert summary["best/val/l1"] == logger.best["val/l1"] <= summary["val/l1"]
    assert logger.best["val/psnr"] >= summary["val/psnr"]
    assert summary["samples"]["_type"].startswith("image")
    finish()
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    assert len(list((folder / "files" / "media" / "images").glob("samples*"))) == 3
    (written,) = folder.glob("*.wandb")
    deadline = time.monotonic() + 30
    while written.stat().st_size <= 1000 and time.monotonic() < deadline:  # by a process of its own
        time.sleep(0.05)
    assert written.stat().st_size > 1000


def test_a_resumed_run_goes_on_under_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_id(tmp_path / "run")
    assert run_id(tmp_path / "run") == first
    assert run_id(tmp_path / "other") != first
    monkeypatch.setenv("WANDB_RUN_ID", "chosen")
    assert run_id(tmp_path / "third") == "chosen"


def test_images_seen_are_the_axis_of_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    run = SimpleNamespace(
        define_metric=lambda *args, **kwargs: calls.append((args, kwargs)),
        log=lambda values: calls.append(values),
        summary={},
    )
    logger = wandb_logger(tmp_path)
    monkeypatch.setattr(logger, "_begin", lambda: run)
    model = SimpleNamespace(images_seen=40)
    logger.log_graph(model)
    logger.log_metrics({"val/l1": 0.3}, step=10)
    model.images_seen = 80
    logger.log_metrics({"val/l1": 0.4, "val/ssim": 0.5}, step=20)
    logger.log_metrics({"val/l1": float("nan"), "val/ssim": 0.7})
    assert calls == [
        (("images_seen",), {"hidden": True}),
        (("*",), {"step_metric": "images_seen", "step_sync": True}),
        {"images_seen": 40.0, "iteration": 10, "val/l1": 0.3},
        {"images_seen": 80.0, "iteration": 20, "val/l1": 0.4, "val/ssim": 0.5},
        {"images_seen": 80.0, "val/l1": pytest.approx(float("nan"), nan_ok=True), "val/ssim": 0.7},
    ]
    assert run.summary == {"best/val/l1": 0.3, "best/val/ssim": 0.7}


def test_last_checkpoint_as_artifact_only_when_asked_and_only_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").write_bytes(b"weights")
    artifacts: list[Any] = []
    for wanted in (False, True):
        logger = wandb_logger(tmp_path, log_model=wanted)
        logger._experiment = SimpleNamespace(id="x", log_artifact=lambda artifact, aliases: artifacts.append(artifact))
        logger.after_save_checkpoint(SimpleNamespace(last_model_path=str(tmp_path / "last.ckpt")))  # type: ignore[arg-type]
        logger.finalize("failed")
        assert artifacts == []
        logger.finalize("success")
    (artifact,) = artifacts
    assert list(artifact.manifest.entries) == ["last.ckpt"]


def test_no_wandb_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install wandb, or choose logger=csv"):
        wandb_logger(tmp_path)


def test_online_with_a_key_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mode() == "offline"
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password " + "k" * 40)
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert mode() == "online"
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    assert mode() == "offline"
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    assert mode() == "online"
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mode() == "disabled"


def test_a_server_that_cannot_be_reached_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    modes: list[str] = []

    def init(**settings: Any) -> Any:
        modes.append(settings["mode"])
        if settings["mode"] == "online":
            raise wandb.errors.CommError("no route to host")
        return SimpleNamespace(define_metric=lambda *args, **kwargs: None)

    monkeypatch.setattr(wandb, "init", init)
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    with pytest.warns(UserWarning, match=r"cannot be reached \(no route to host\): this run is logged offline"):
        assert wandb_logger(tmp_path).experiment is not None
    assert modes == ["online", "offline"]


def test_sweep_is_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sweep_name() is None
    config = OmegaConf.create({"job": {"num": 0}, "sweep": {"dir": "sweeps/2026-01-02"}})
    hydra = SimpleNamespace(HydraConfig=SimpleNamespace(initialized=lambda: True, get=lambda: config))
    monkeypatch.setitem(sys.modules, "hydra.core.hydra_config", hydra)  # type: ignore[arg-type]
    assert sweep_name() == "2026-01-02"
    assert wandb_logger(tmp_path)._wandb_init["group"] == "2026-01-02"
    config.job.num = "???"  # a run of its own has no number
    assert sweep_name() is None


def test_wandb_is_not_imported_before_it_is_used() -> None:
    code = (
        "import json, sys; from gan_zoo.callbacks import checkpoint, gallery, loggers;"
        "print(json.dumps([m for m in ('wandb', 'matplotlib') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
