"""A run that was killed and resumed is the one that never was: weights, optimisers, clocks, random numbers, data."""

import random
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.training.checkpoint_io import read
from tests.resume.world import Run, finish, make_pairs, start

KILLED, TERMINATED = -signal.SIGKILL, 128 + signal.SIGTERM
# What may differ: where files lie.
PATHS = ("dirpath", "best_model_path", "last_model_path", "kth_best_model_path")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("data"))


def differences(a: Any, b: Any, at: str = "") -> list[str]:
    """Where two checkpoints differ in a single bit."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return [] if a.dtype == b.dtype and torch.equal(a, b) else [at]
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if "best_k_models" in a:
            a, b = ({key: _nameless(value) for key, value in one.items() if key not in PATHS} for one in (a, b))
        missing = [f"{at}/{key} in one only" for key in set(a) ^ set(b)]
        return missing + [where for key in set(a) & set(b) for where in differences(a[key], b[key], f"{at}/{key}")]
    if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        return [where for i, pair in enumerate(zip(a, b, strict=True)) for where in differences(*pair, f"{at}/{i}")]
    return [] if type(a) is type(b) and (a == b or a != a) else [f"{at}: {a!r} != {b!r}"]


def _nameless(value: Any) -> Any:
    return {Path(key).name: score for key, score in value.items()} if isinstance(value, Mapping) else value


def last(run: Run) -> dict[str, Any]:
    return read(run.folder / "checkpoints" / "last.ckpt")


def witnessed(run: Run, rank: int = 0) -> dict[str, str]:
    """Iteration by images seen -> everything about it; a repeated iteration must be the same again."""
    seen: dict[str, str] = {}
    for line in (run.folder / f"witness{rank}.txt").read_text().splitlines():
        number = line.split()[0]
        assert seen.setdefault(number, line) == line
    return seen


def logged(run: Run) -> dict[tuple[str, str], tuple[str, ...]]:
    """Rows of all CSV files of a run, by step and images seen; a repeated row must be the same again."""
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for path in sorted((run.folder / "csv").rglob("metrics.csv")):
        header, *lines = path.read_text().splitlines()
        for line in lines:
            values = dict(zip(header.split(","), line.split(","), strict=True))
            values = {name: value for name, value in values.items() if value}
            key = (values["step"], values.get("images_seen", "validation"))
            content = tuple(f"{name}={value}" for name, value in sorted(values.items()))
            assert rows.setdefault(key, content) == content
    return rows


def kill_and_resume(run: Run, kills: list[int]) -> None:
    """Kill it after each of these iterations, resume it, and let it end."""
    for i, at in enumerate(kills):
        codes = finish(replace(run, kill_at=at, resume=i > 0))
        assert KILLED in codes, f"was not killed at {at}: {codes}"
        torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert finish(replace(run, resume=True)) == [0] * run.world


def assert_same_runs(whole: Run, broken: Run) -> None:
    for rank in range(whole.world):
        assert witnessed(broken, rank) == witnessed(whole, rank)
    assert logged(broken) == logged(whole)
    assert differences(last(whole), last(broken)) == []


CASES: dict[str, dict[str, Any]] = {
    "epochs": {"trainer": {"max_epochs": 3}},
    "steps": {"trainer": {"max_steps": 19}, "model": "cyclegan"},
    "no validation, epochs": {"trainer": {"max_epochs": 3, "limit_val_batches": 0}, "model": "cyclegan"},
    "no validation, steps": {"trainer": {"max_steps": 19, "limit_val_batches": 0}},
    "validation inside epochs": {"trainer": {"max_epochs": 3, "val_check_interval": 2}, "monitor": "val/l1"},
    "validation across epochs": {
        "trainer": {"max_steps": 20, "val_check_interval": 5, "check_val_every_n_epoch": None},
        "monitor": "val/l1",
    },
    "accumulation": {"trainer": {"max_epochs": 4, "accumulate_grad_batches": 2}, "every_n_images": 1},
    "two workers": {"trainer": {"max_epochs": 2}, "workers": 2},
    "drawn codes": {"trainer": {"max_epochs": 5}, "model": "bicyclegan", "batch_size": 2},
    "drawn styles, rates by iteration": {"trainer": {"max_steps": 17}, "model": "munit"},
    "vectors of spectral norm, a running mean, a falling rate": {"trainer": {"max_steps": 17}, "model": "ugatit"},
}
PHASES = [3, 7, 9]  # iterations in the frozen phase of pix2pixHD, at its end, and behind it


@pytest.mark.parametrize("case", CASES)
def test_killed_and_resumed_is_never_interrupted(tmp_path: Path, data: Path, case: str) -> None:
    whole = Run(tmp_path / "whole", data, **CASES[case])
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0]
    kill_and_resume(broken, sorted(random.Random(case).sample(range(5, 13), 1 if whole.workers else 2)))
    assert_same_runs(whole, broken)


def test_killed_in_every_phase(tmp_path: Path, data: Path) -> None:
    whole = Run(tmp_path / "whole", data, model="pix2pixhd", every_n_images=1, trainer={"max_epochs": 2})
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0]
    kill_and_resume(broken, PHASES)
    assert_same_runs(whole, broken)


@pytest.mark.parametrize(("model", "workers", "kills"), [("progan", 0, [3, 9]), ("stylegan", 2, [8, 21])])
def test_killed_while_it_grows(tmp_path: Path, data: Path, model: str, workers: int, kills: list[int]) -> None:
    """At the first size, in a fade (at a look at the clock and between two), and behind it."""
    limit = {"max_steps": 24}
    whole = Run(tmp_path / "whole", data, model=model, every_n_images=1, workers=workers, trainer=limit)
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0]
    kill_and_resume(broken, kills)
    assert_same_runs(whole, broken)


def test_killed_between_updates_that_are_left_out(tmp_path: Path, data: Path) -> None:
    """After the second of three in a row, and of two: they are counted on, and optimisers know nothing of them."""
    whole = Run(tmp_path / "whole", data, model="stylegan_stumbling", every_n_images=1, trainer={"max_steps": 20})
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0]
    kill_and_resume(broken, [5, 17])
    assert_same_runs(whole, broken)
    state = last(broken)
    (rank,) = state["gan_zoo"]["ranks"]
    assert rank["local"]["skipped"] == {"discriminator": [0.0, 0.0, 0.0], "generator": [0.0, 3.0, 7.0]}


def test_two_ranks_grow(tmp_path: Path, data: Path) -> None:
    limit = {"max_steps": 14}
    whole = Run(tmp_path / "whole", data, world=2, model="stylegan", every_n_images=1, trainer=limit)
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0, 0]
    kill_and_resume(broken, [9])
    assert_same_runs(whole, broken)


@pytest.mark.parametrize("limit", [{"max_epochs": 3}, {"max_steps": 21}], ids=lambda limit: next(iter(limit)))
@pytest.mark.parametrize("validation", [1.0, 0])
def test_killed_right_after_an_epoch(tmp_path: Path, data: Path, limit: dict[str, int], validation: float) -> None:
    whole = Run(tmp_path / "whole", data, every_n_images=None, trainer={**limit, "limit_val_batches": validation})
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0]
    kill_and_resume(broken, [8, 15])
    assert_same_runs(whole, broken)


def test_two_ranks(tmp_path: Path, data: Path) -> None:
    whole = Run(tmp_path / "whole", data, world=2, model="cyclegan", every_n_images=4, trainer={"max_epochs": 3})
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0, 0]
    kill_and_resume(broken, [6, 9])
    assert_same_runs(whole, broken)


def test_pictures_and_pages_change_nothing(tmp_path: Path, data: Path) -> None:
    plain = Run(tmp_path / "plain", data, world=2, model="cyclegan", every_n_images=4, trainer={"max_steps": 7})
    shown = replace(plain, folder=tmp_path / "shown", everything=True)
    assert finish(plain) == finish(shown) == [0, 0]
    assert differences(last(plain)["state_dict"], last(shown)["state_dict"]) == []
    assert differences(last(plain)["gan_zoo"], last(shown)["gan_zoo"]) == []
    assert sorted(path.stem for path in (shown.folder / "samples").iterdir()) == [f"{i:09d}" for i in (0, 4, 8, 12, 14)]
    page = (shown.folder / "gallery.html").read_text()
    assert "2 cpu devices x batch 1 = 2 images an iteration" in page
    assert "pools" in page


def test_longer_training_goes_on_from_a_finished_one(tmp_path: Path, data: Path) -> None:
    whole = Run(tmp_path / "whole", data, model="cyclegan", trainer={"max_steps": 17})
    parts = replace(whole, folder=tmp_path / "parts", trainer={"max_steps": 10})
    assert finish(whole) == finish(parts) == [0]
    assert finish(replace(parts, trainer={"max_steps": 17}, resume=True)) == [0]
    assert witnessed(parts) == witnessed(whole)
    assert differences(last(whole)["state_dict"], last(parts)["state_dict"]) == []


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path, data: Path) -> None:
    run = Run(tmp_path / "run", data, trainer={"max_epochs": 1})
    assert finish(run) == [0]
    before = (run.folder / "checkpoints" / "last.ckpt").stat().st_mtime_ns
    assert finish(replace(run, resume=True)) == [0]
    assert (run.folder / "checkpoints" / "last.ckpt").stat().st_mtime_ns == before


@pytest.mark.parametrize("world", [1, 2])
def test_sigterm_saves_at_the_iteration_and_the_run_goes_on(tmp_path: Path, data: Path, world: int) -> None:
    whole = Run(tmp_path / "whole", data, world=world, every_n_images=None, trainer={"max_epochs": 3})
    broken = replace(whole, folder=tmp_path / "broken")
    assert finish(whole) == [0] * world
    assert finish(replace(broken, term_at=8)) == [TERMINATED, 0][:world]
    assert last(broken)["global_step"] == 8
    assert finish(replace(broken, resume=True)) == [0] * world
    assert_same_runs(whole, broken)


def test_killed_at_any_time_the_last_checkpoint_is_whole(tmp_path: Path, data: Path) -> None:
    run = Run(tmp_path / "run", data, every_n_images=1, trainer={"max_epochs": -1, "limit_val_batches": 0})
    path, images = run.folder / "checkpoints" / "last.ckpt", 0
    for number in range(4):
        (process,) = start(replace(run, resume=number > 0))
        for _ in range(3):  # a few are written, and then it is killed wherever it is
            wait_for_another(path)
        time.sleep(0.05 * random.Random(number).random())
        process.kill()
        process.join()
        seen = read(path)["gan_zoo"]["images_seen"]
        assert seen >= images + 3
        images = seen
    assert len(list(path.parent.iterdir())) <= 2  # at most one unfinished file is left behind


def wait_for_another(path: Path, seconds: float = 60) -> None:
    """Until ``path`` has been written anew."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (not path.exists() or path.stat().st_mtime_ns == before):
        time.sleep(0.002)


def test_another_number_of_devices_is_refused(tmp_path: Path, data: Path) -> None:
    run = Run(tmp_path / "run", data, trainer={"max_epochs": 1})
    assert finish(run) == [0]
    assert finish(replace(run, world=2, resume=True, trainer={"max_epochs": 2})) == [1, 1]
    error = (run.folder / "error0.txt").read_text()
    assert error.startswith("UserError: ")
    assert "trainer.devices=1" in error
