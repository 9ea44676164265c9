"""Trainings of several stages: their order and folders, what each starts from, what may be typed, and resuming."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli import main, runs
from gan_zoo.cli.stages import Stage, sort
from gan_zoo.errors import UserError
from gan_zoo.training.checkpoint_io import read
from tests.resume.test_resume import differences

from .conftest import ROOT, SMALL, Run

TWO = """
# @package _global_
defaults:
  - override /model: pix2pix
  - override /data: paired
stages:
  coarse:
    model: {lambda_l1: 50.0, generator: {n_downs: 4}}
    data: {load_size: 36, crop_size: 32}
  fine:
    defaults:
      - override /model/discriminator: pixelgan
      - override /model/norm@model.discriminator.norm: instance
    model: {generator: {n_downs: 5}}
    data: {load_size: 36, crop_size: 32}
""".lstrip()
QUICK = ["callbacks.gallery=null", "callbacks.grids=null", "trainer.limit_val_batches=0"]
KILL = """
import os, signal
from lightning import Callback


class Kill(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        place, _, iteration = os.environ["KILL"].partition(":")
        if place in trainer.default_root_dir and trainer.global_step == int(iteration):
            os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
"""


@pytest.fixture
def staged(tmp_path: Path, pairs: Path) -> list[str]:
    """A pix2pix training in two stages of two iterations."""
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "two.yaml").write_text(TWO)
    small = [word for word in SMALL if not word.startswith(("data.", "model."))]
    return ["train", "--config-dir", str(tmp_path / "mine"), "experiment=two", f"data.root={pairs}", *small, *QUICK]


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[DictConfig]:
    """In place of training: each configuration that would be trained, with the run's name for loggers."""
    seen: list[DictConfig] = []

    def record(cfg: DictConfig, group: str | None = None, name: str | None = None) -> float:
        told = {"group": group, "name": name, "ranks_train": list(HydraConfig.get().overrides.task)}
        seen.append(OmegaConf.merge(OmegaConf.create(OmegaConf.to_container(cfg, resolve=True)), {"told": told}))  # type: ignore[arg-type]
        folder = Path(cfg.run_dir) / "checkpoints"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "last.ckpt").touch()
        return float(len(seen))

    monkeypatch.setattr(runs, "train_one", record)
    return seen


def failing(cfg: DictConfig, **told: Any) -> None:
    raise RuntimeError("no more")


def test_stages_run_in_their_order_in_folders_of_their_own(
    staged: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*(word for word in staged if word != "callbacks.gallery=null"), "hydra.run.dir=run"]) == 0
    run = tmp_path / "run"
    assert sorted(path.name for path in run.iterdir() if path.is_dir()) == [".hydra", "1-coarse", "2-fine"]
    for stage in ("1-coarse", "2-fine"):
        for name in ("checkpoints/last.ckpt", "gallery.html", "csv", "train.log", ".hydra/config.yaml", "finished"):
            assert (run / stage / name).exists(), f"{stage}/{name}"
    said = capsys.readouterr().out
    order = [
        "2-fine to be trained",
        "1-coarse begins",
        "2-fine begins",
        "start:      18 of 52 weights from run/1-coarse",
    ]
    assert [said.index(line) for line in order] == sorted(said.index(line) for line in order)
    first, second = (read(run / stage / "checkpoints" / "last.ckpt") for stage in ("1-coarse", "2-fine"))
    downs = [checkpoint["gan_zoo"]["model"]["generator"]["n_downs"] for checkpoint in (first, second)]
    assert downs == [4, 5]
    assert "1-coarse" not in str(second["gan_zoo"]) + str(second["hyper_parameters"])  # it loads without that file


def test_a_stage_starts_from_the_weights_before(staged: list[str], tmp_path: Path) -> None:
    words = [*staged, "hydra.run.dir=run", "stages.fine.model.optimizer.lr=0.0"]
    assert main(words) == 0
    first, second = (read(tmp_path / "run" / stage / "checkpoints" / "last.ckpt") for stage in ("1-coarse", "2-fine"))
    a, b = first["state_dict"], second["state_dict"]
    same = {name for name in a if name in b and a[name].shape == b[name].shape and "running" not in name}
    learnt = {name for name in same if a[name].is_floating_point()}
    assert len(learnt) == 9
    assert all(torch.equal(a[name], b[name]) for name in learnt)
    assert {name.partition(".")[0] for name in learnt} == {"generator", "discriminator"}


def test_what_is_typed_wins(staged: list[str], trainings: list[DictConfig]) -> None:
    typed = ["model.lambda_l1=7", "stages.fine.model.lambda_l1=8", "+stages.coarse.data.extra=1", "hydra.run.dir=run"]
    assert main([*staged, "stages.fine.trainer.max_steps=9", *typed]) == 0
    assert [cfg.model.lambda_l1 for cfg in trainings] == [7, 8]
    assert [cfg.trainer.max_steps for cfg in trainings] == [2, 9]
    assert [cfg.model.generator.n_downs for cfg in trainings] == [4, 5]
    assert [cfg.model.generator.ngf for cfg in trainings] == [4, 4]  # debug=tiny, for each
    assert [cfg.data.get("extra") for cfg in trainings] == [1, None]
    assert [cfg.model.init_from for cfg in trainings] == [
        None,
        str(Path("run/1-coarse/checkpoints/last.ckpt").resolve()),
    ]
    assert [cfg.stages for cfg in trainings] == [None, None]
    assert [(cfg.told.group, cfg.told.name) for cfg in trainings] == [("run", "run-1-coarse"), ("run", "run-2-fine")]


def test_one_stage_alone(staged: list[str], trainings: list[DictConfig], tmp_path: Path) -> None:
    assert main([*staged, "stage=fine", "model.init_from=x.ckpt", "hydra.run.dir=run"]) == 0
    [cfg] = trainings
    assert (cfg.model.generator.n_downs, cfg.model.init_from, cfg.run_dir) == (5, "x.ckpt", str(tmp_path / "run"))
    assert cfg.told.group is None


def test_the_first_stage_may_start_from_a_checkpoint(staged: list[str], trainings: list[DictConfig]) -> None:
    assert main([*staged, "model.init_from=x.ckpt"]) == 0
    assert trainings[0].model.init_from == "x.ckpt"
    assert trainings[1].model.init_from.endswith("1-coarse/checkpoints/last.ckpt")


def test_resume_leaves_out_what_is_finished(
    staged: list[str], trainings: list[DictConfig], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(staged) == 0
    [run] = Path("outputs").iterdir()
    for words in (["resume=true"], ["ckpt_path=last", f"hydra.run.dir={run}"]):
        (run / "2-fine" / "finished").unlink()
        trainings.clear()
        assert main([*staged, *words]) == 0
        assert [Path(cfg.run_dir).name for cfg in trainings] == ["2-fine"]
        assert trainings[0].ckpt_path == str((run / "2-fine" / "checkpoints" / "last.ckpt").resolve())
        assert "1-coarse finished before: left out" in capsys.readouterr().out
    monkeypatch.setattr(runs, "train_one", failing)
    assert main([*staged, "resume=true"]) == 0  # nothing is left to do


def test_a_first_stage_without_a_checkpoint_starts_again(staged: list[str], trainings: list[DictConfig]) -> None:
    (Path("run") / "1-coarse" / ".hydra").mkdir(parents=True)
    (Path("run") / ".hydra").mkdir()
    assert main([*staged, "hydra.run.dir=run", "resume=true"]) == 0
    assert [cfg.ckpt_path for cfg in trainings] == [None, None]


def test_later_leftovers_are_not_gone_on_with(staged: list[str], trainings: list[DictConfig]) -> None:
    """Finished and checkpointed once, but the stage before is being trained anew."""
    assert main([*staged, "hydra.run.dir=run"]) == 0
    (Path("run") / "1-coarse" / "finished").unlink()
    trainings.clear()
    assert main([*staged, "hydra.run.dir=run", "resume=true"]) == 0
    assert [cfg.ckpt_path is None for cfg in trainings] == [False, True]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["stages.fin.data.crop_size=64"], "error: stages.fin: there is no such stage (did you mean fine?)"),
        (["stages.fine.trainer.max_step=1"], "error: stage fine: there is no key trainer.max_step (did you mean"),
        (["stage=fin"], "error: there is no stage=fin (did you mean fine?)"),
        (["ckpt_path=some.ckpt"], "error: ckpt_path=some.ckpt is of one stage: name it (stage=NAME)"),
        (["data.root=nowhere"], "error: stage coarse: nowhere: no such folder"),
        (["stages.fine.data.crop_size=300"], "error: stage fine: "),
        (["model.init_from=nowhere.ckpt"], "error: stage coarse: there is no checkpoint nowhere.ckpt"),
        (["experiment=pix2pix/facades", "stages.fine.seed=1"], "error: stages.fine: there is no such stage"),
        (["experiment=pix2pix/facades", "stage=fine"], "error: stage=fine: this configuration has no stages"),
    ],
)
def test_mistakes_are_one_line(
    staged: list[str], words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [word for word in staged if word.partition("=")[0] not in [other.partition("=")[0] for other in words]]
    assert main([*kept, *words]) == 1
    said = [one for one in capsys.readouterr().err.splitlines() if one.startswith("error: ")]
    assert len(said) == 1
    assert said[0].startswith(line)


def test_a_stage_that_failed_is_named_and_not_finished(
    staged: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "train_one", failing)
    assert main([*staged, "hydra.run.dir=run"]) == 1
    assert "error: stage coarse: RuntimeError: no more" in capsys.readouterr().err
    assert not list(Path().glob("run/*/finished"))


def test_processes_of_a_cluster_need_a_folder(
    staged: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(staged) == 1
    assert "stages on a cluster's processes need hydra.run.dir=DIR" in capsys.readouterr().err


def test_a_sweep_returns_the_last_stages_value(
    staged: list[str], trainings: list[DictConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = []
    train = runs.train
    monkeypatch.setattr(runs, "train", lambda cfg: values.append(train(cfg)) or values[-1])
    assert main([*staged, "-m", "seed=1,2", "stages.fine.model.lambda_l1=3", "hydra.sweep.dir=sweep"]) == 0
    assert values == [2, 4]
    folders = [str(Path(cfg.run_dir).relative_to(Path("sweep").resolve())) for cfg in trainings]
    assert folders == [f"{job}-pix2pix-paired/{stage}" for job in (0, 1) for stage in ("1-coarse", "2-fine")]
    assert [cfg.seed for cfg in trainings] == [1, 1, 2, 2]
    assert {cfg.told.group for cfg in trainings} == {"sweep"}
    assert len({cfg.told.name for cfg in trainings}) == 4
    assert not any("seed=1,2" in word for cfg in trainings for word in cfg.told.ranks_train)


def test_a_dry_run_of_all_stages_leaves_nothing(staged: list[str]) -> None:
    assert main([*staged, "trainer.fast_dev_run=true", "hydra.run.dir=run"]) == 0
    assert not list(Path("run").rglob("*.ckpt"))
    assert not list(Path("run").rglob("finished"))


@pytest.mark.slow
@pytest.mark.parametrize(("place", "signal"), [("2-fine:5", "SIGKILL"), ("1-coarse:4", "SIGTERM")])
def test_interrupted_and_resumed_is_never_interrupted(
    staged: list[str], tmp_path: Path, spawn: Run, place: str, signal: str
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "killing.py").write_text(KILL)
    words = [*staged, "trainer.max_steps=7", "callbacks.tick.every_n_images=2"]
    assert main([*words, "hydra.run.dir=whole"]) == 0
    path = f"{ROOT / 'src'}:{tmp_path / 'modules'}"
    broken = [*words, "hydra.run.dir=broken"]
    done = spawn(*broken, "+callbacks.kill._target_=killing.Kill", KILL=place, SIGNAL=signal, PYTHONPATH=path)
    assert done.returncode == (-9 if signal == "SIGKILL" else 143), done.stderr
    assert (tmp_path / "broken" / "1-coarse" / "finished").exists() == place.startswith("2")
    assert not (tmp_path / "broken" / "2-fine" / "finished").exists()
    assert main([*broken, "resume=true"]) == 0
    for stage in ("1-coarse", "2-fine"):
        a, b = (read(tmp_path / run / stage / "checkpoints" / "last.ckpt") for run in ("whole", "broken"))
        assert a["global_step"] == 7
        assert differences(a, b) == []


@pytest.mark.slow
def test_two_processes(staged: list[str], spawn: Run) -> None:
    done = spawn(*staged, "trainer.devices=2", "hydra.run.dir=run", timeout=300)
    assert done.returncode == 0, done.stderr
    for stage in ("1-coarse", "2-fine"):
        assert read(Path("run") / stage / "checkpoints" / "last.ckpt")["gan_zoo"]["world_size"] == 2
    assert done.stdout.count("2-fine begins") == 1


def test_sort() -> None:
    typed = ["seed=1", "++stages.a.data.root=x y", "+stages.b.k=1", "stages.a.m=2", "resume=true", "ckpt_path=last"]
    assert sort(typed) == (["seed=1"], {"a": ["data.root=x y", "m=2"], "b": ["+k=1"]})
    with pytest.raises(UserError, match=r"ckpt_path=a\.ckpt is of one stage"):
        sort(["ckpt_path=a.ckpt"])


def test_a_stage_without_a_checkpoint_is_not_finished(tmp_path: Path) -> None:
    stage = Stage("one", tmp_path, [])
    stage.finish()
    assert not stage.finished.exists()
    stage.last.parent.mkdir()
    stage.last.touch()
    stage.finish()
    assert stage.finished.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "finished"]
