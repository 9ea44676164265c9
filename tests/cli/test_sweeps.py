"""Sweeps with the launchers, and with several processes a job: each trains its own job's configuration."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from gan_zoo.training.checkpoint_io import read

from .conftest import Run

QUICK = ["trainer.max_steps=1", "callbacks.grids=null", "callbacks.gallery=null"]
TWO = [*QUICK, "trainer.devices=2"]
UNTESTED = "trainer.limit_val_batches=0"
SPY = """
import json, os, time
from pathlib import Path

from lightning import Callback


class Spy(Callback):
    def on_train_end(self, trainer, pl_module):
        state = {name: float(value.double().sum()) for name, value in pl_module.state_dict().items()}
        lr = trainer.optimizers[0].param_groups[0]["lr"]
        words = {"lr": lr, "weights": state, "argv": __import__("sys").argv, "world": trainer.world_size}
        Path(os.environ["SPY"], f"{time.time_ns()}-{trainer.global_rank}.json").write_text(json.dumps(words))
"""


@pytest.fixture
def spy(tmp_path: Path) -> dict[str, str]:
    """Each rank of each job writes what it trained; variables for the processes."""
    (tmp_path / "spies").mkdir()
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "spying.py").write_text(SPY)
    src = str(Path(__file__).resolve().parents[2] / "src")
    return {"SPY": str(tmp_path / "spies"), "PYTHONPATH": f"{src}:{tmp_path / 'modules'}"}


def reports(spy: dict[str, str], rank: int) -> list[dict[str, object]]:
    files = sorted(Path(spy["SPY"]).glob(f"*-{rank}.json"), key=lambda file: file.stat().st_mtime)
    return [json.loads(file.read_text()) for file in files]


def jobs() -> list[Path]:
    [sweep] = Path("sweeps").iterdir()
    return sorted(path for path in sweep.iterdir() if path.is_dir() and path.name[0].isdigit())


@pytest.mark.slow
def test_an_unseeded_search_on_two_processes_with_wandb(small: list[str], spawn: Run, spy: dict[str, str]) -> None:
    search = ["hydra/sweeper=optuna", "optimized_metric=val/l1", "hydra.sweeper.n_trials=2", "logger=wandb"]
    space = ["model.optimizer.lr=interval(0.01,0.5)", "+callbacks.spy._target_=spying.Spy"]
    words = [*small, *TWO, "trainer.limit_train_batches=1", *search, *space]  # one iteration, then validation
    done = spawn("train", "-m", *words, **spy, WANDB_MODE="offline", WANDB_SILENT="true")
    assert done.returncode == 0, done.stderr
    assert [len(list(job.glob("wandb/offline-run-*"))) for job in jobs()] == [1, 1]
    found = check_ranks(spy)
    best = OmegaConf.load(next(Path("sweeps").glob("*/optimization_results.yaml")))
    assert any(abs(best.best_params["model.optimizer.lr"] - lr) < 1e-12 for lr in found)


def check_ranks(spy: dict[str, str]) -> set[float]:
    """Two jobs; in each, both ranks had the same rate and end with the same weights, and no rank ran a sweep."""
    first, second = reports(spy, 0), reports(spy, 1)
    assert len(first) == len(second) == 2
    found = set()
    for mine in first:
        [theirs] = [other for other in second if other["lr"] == mine["lr"]]
        assert mine["world"] == theirs["world"] == 2
        averages = [name for name in mine["weights"] if "running" not in name]  # type: ignore[attr-defined]
        assert averages
        assert all(mine["weights"][name] == theirs["weights"][name] for name in averages)  # type: ignore[index]
        assert "-m" not in theirs["argv"]  # type: ignore[operator]
        found.add(float(mine["lr"]))  # type: ignore[arg-type]
    assert len(found) == 2
    assert all(read(job / "checkpoints" / "last.ckpt")["gan_zoo"]["world_size"] == 2 for job in jobs())
    assert not list(Path().glob("outputs"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_launchers(launcher: str, small: list[str], spawn: Run) -> None:
    words = [*small, *QUICK, UNTESTED, "model.lambda_l1=10,100", f"hydra/launcher={launcher}"]
    done = spawn("train", "-m", *words)
    assert done.returncode == 0, done.stderr
    assert [job.name for job in jobs()] == ["0-pix2pix-paired", "1-pix2pix-paired"]
    kept = [OmegaConf.load(job / ".hydra" / "config.yaml").model.lambda_l1 for job in jobs()]
    assert kept == [10, 100]
    assert all(read(job / "checkpoints" / "last.ckpt")["global_step"] == 1 for job in jobs())


@pytest.mark.slow
def test_a_rank_that_dies_ends_the_run_soon(small: list[str], spawn: Run, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "dying.py").write_text(
        "from lightning import Callback\n\nclass Die(Callback):\n"
        "    def on_train_batch_start(self, trainer, *args):\n"
        "        if trainer.global_rank == 1:\n            import os; os._exit(7)\n"
    )
    src = str(Path(__file__).resolve().parents[2] / "src")
    words = [*small, *TWO, UNTESTED, "+callbacks.die._target_=dying.Die"]
    done = spawn("train", *words, PYTHONPATH=f"{src}:{tmp_path / 'modules'}", timeout=120)
    assert done.returncode == 1
    assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1
