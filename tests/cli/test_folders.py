import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli import folders
from gan_zoo.errors import UserError


def config(folder: str | Path, **keys: Any) -> DictConfig:
    return OmegaConf.create({"ckpt_path": None, "resume": False, "hydra": {"run": {"dir": str(folder)}}} | keys)


def make_run(folder: Path, when: float = 0) -> Path:
    last = folder / folders.LAST
    last.parent.mkdir(parents=True)
    last.write_bytes(b"weights")
    if when:
        os.utime(last, (when, when))
    return folder


def test_claim_never_gives_a_folder_twice(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: folders.claim(tmp_path / "runs" / "a"), range(16)))
    names = {"a", *(f"a-{n}" for n in range(2, 17))}
    assert {path.name for path in claimed} == names


def test_a_typed_folder_is_used_but_never_overwritten(tmp_path: Path) -> None:
    run = tmp_path / "mine"
    assert folders.run_folder(config(run), typed=True) == run
    make_run(run)
    with pytest.raises(UserError, match="holds a run already: add resume=true to go on"):
        folders.run_folder(config(run), typed=True)
    assert folders.run_folder(config(run, resume=True), typed=True) == run


def test_last_is_the_newest_of_this_model_and_data(tmp_path: Path) -> None:
    now = time.time()
    make_run(tmp_path / "pix2pix-maps-2026-01-01-00-00-00", now - 20)
    newest = make_run(tmp_path / "pix2pix-maps-2026-01-01-00-00-01-2", now - 10)
    make_run(tmp_path / "pix2pix-maps-mine-2026-01-01-00-00-02", now)
    make_run(tmp_path / "cyclegan-maps-2026-01-01-00-00-02", now)
    new = tmp_path / "pix2pix-maps-2026-02-02-00-00-00"
    assert folders.run_folder(config(new, resume=True), typed=False) == newest
    assert folders.run_folder(config(new, ckpt_path="last"), typed=False) == newest
    assert not new.exists()


def test_the_last_run_in_stages_is_another_than_the_last_of_one_training(tmp_path: Path) -> None:
    now = time.time()
    plain = make_run(tmp_path / "pix2pix-maps-2026-01-01-00-00-00", now)
    staged = tmp_path / "pix2pix-maps-2026-01-01-00-00-01"
    make_run(staged / "1-coarse", now - 20)
    make_run(tmp_path / "pix2pix-maps-2026-01-01-00-00-02" / "1-coarse", now - 30)
    new = config(tmp_path / "pix2pix-maps-2026-02-02-00-00-00", resume=True)
    assert folders.run_folder(new, typed=False) == plain
    new.stages = {"coarse": {}}
    assert folders.run_folder(new, typed=False) == staged


def test_resume_starts_anew_and_last_does_not(tmp_path: Path) -> None:
    new = tmp_path / "pix2pix-maps-2026-02-02-00-00-00"
    with pytest.raises(UserError, match=r"no run pix2pix-maps-… in .* has a checkpoint; resume=true starts anew"):
        folders.run_folder(config(new, ckpt_path="last"), typed=False)
    assert folders.run_folder(config(new, resume=True), typed=False) == new
    assert folders.run_folder(config(new), typed=False) == tmp_path / f"{new.name}-2"


def test_checkpoint_to_resume(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    last = run / folders.LAST
    assert folders.checkpoint_to_resume(config(run), run) is None
    assert folders.checkpoint_to_resume(config(run, ckpt_path="last"), run) == last
    assert folders.checkpoint_to_resume(config(run, resume=True), run) == last
    assert folders.checkpoint_to_resume(config(run, ckpt_path=str(last)), tmp_path) == last
    assert folders.checkpoint_to_resume(config(run, resume=True), tmp_path) is None
    with pytest.raises(UserError, match=r"nowhere\.ckpt: no such file"):
        folders.checkpoint_to_resume(config(run, ckpt_path="nowhere.ckpt"), run)
    with pytest.raises(UserError, match=r"no checkpoints/last\.ckpt to resume"):
        folders.checkpoint_to_resume(config(run, ckpt_path="last"), tmp_path)


def test_a_rank_that_a_cluster_started_writes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    folder = folders.run_folder(config(tmp_path / "run"), typed=False)
    assert folder.is_dir()
    assert not folder.is_relative_to(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    folder.rmdir()


def test_a_rank_that_a_cluster_started_goes_on_where_the_first_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    run = make_run(tmp_path / "pix2pix-maps-2026-01-01-00-00-00")
    new = tmp_path / "pix2pix-maps-2026-02-02-00-00-00"
    assert folders.run_folder(config(new, resume=True), typed=False) == run
    assert folders.run_folder(config(run, resume=True), typed=True) == run
    assert not new.exists()


def test_an_own_rank_shares_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_ZOO_OWN_RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert folders.run_folder(config(make_run(tmp_path / "run")), typed=True) == tmp_path / "run"


def test_a_search_needs_a_value() -> None:
    sweeper = {"hydra": {"sweeper": {"_target_": "hydra_plugins.hydra_optuna_sweeper.OptunaSweeper"}}}
    with pytest.raises(UserError, match="a search needs optimized_metric"):
        folders.check_sweeper(OmegaConf.create(sweeper))
    folders.check_sweeper(OmegaConf.create({**sweeper, "optimized_metric": "val/l1"}))
    folders.check_sweeper(OmegaConf.create({"hydra": {"sweeper": {"_target_": "hydra.BasicSweeper"}}}))


def test_only_unused_folders_are_dropped(tmp_path: Path) -> None:
    unused, used = tmp_path / "unused", make_run(tmp_path / "used")
    (unused / ".hydra").mkdir(parents=True)
    (unused / ".hydra" / "config.yaml").touch()
    (unused / "train.log").touch()
    folders.drop_if_unused(unused)
    folders.drop_if_unused(used)
    assert not unused.exists()
    assert (used / folders.LAST).exists()
