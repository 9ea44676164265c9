"""The trainings of a proof, some at a time, each in a process of its own with one core; what is done stays done."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_zoo.callbacks.files import write_json
from gan_zoo.cli.folders import LAST
from gan_zoo.cli.processes import command, fate
from gan_zoo.cli.proof.plan import Trial, fingerprint
from gan_zoo.errors import UserError

RECORD = "proof.json"  # in a training's folder: how it was trained, how long, and its verdict


@dataclass
class Result:
    """A trial that was trained and judged, or that died: then ``died`` says of what.

    ``seconds`` of training, ``judging`` of judging.
    """

    trial: Trial
    seconds: float
    verdict: dict[str, Any]
    died: str = ""
    judging: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the model learned; of a negative control, whether it was judged not to have."""
        return bool(self.verdict) and bool(self.verdict["learned"]) != bool(self.trial.without)


def run(
    trials: Sequence[Trial],
    folder: Path,
    jobs: int,
    judge: Callable[[Trial, Path], dict[str, Any]],
    is_current: Callable[[Trial, Mapping[str, Any]], bool] = lambda trial, verdict: True,
) -> list[Result]:
    """Train and judge all, ``jobs`` at a time; the long ones should come first.

    ``is_current``: whether a verdict of before need not be found again.
    """
    began, alone = time.perf_counter(), threading.Lock()

    def judged(trial: Trial, checkpoint: Path) -> tuple[dict[str, Any], float]:
        with alone:  # Hydra's state and PyTorch's random numbers are the process's
            since = time.perf_counter()
            return judge(trial, checkpoint), time.perf_counter() - since

    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda trial: _one(trial, folder / trial.name, judged, is_current), trials))
    print(f"{len(trials)} trainings in {(time.perf_counter() - began) / 60:.1f} minutes")
    return results


def _one(
    trial: Trial,
    folder: Path,
    judge: Callable[[Trial, Path], tuple[dict[str, Any], float]],
    is_current: Callable[[Trial, Mapping[str, Any]], bool],
) -> Result:
    record = _record(folder)
    if "seconds" not in record:
        if died := _timed(trial, folder, record):
            print(f"{trial.name}: died, {died}", flush=True)
            return Result(trial, record["spent"], {}, died)
        record["seconds"] = record.pop("spent")
        _write(record, folder)
    if "judging" not in record or not is_current(trial, record["verdict"]):
        record["verdict"], record["judging"] = judge(trial, folder / LAST)
        _write(record, folder)
    found = "learned" if record["verdict"]["learned"] else "did not learn"
    print(f"{trial.name}: {found}, {record['seconds'] / 60:.1f} minutes", flush=True)
    return Result(trial, record["seconds"], record["verdict"], judging=record["judging"])


def _timed(trial: Trial, folder: Path, record: dict[str, Any]) -> str:
    """Train; the time goes to the record, also where it ends early: what is resumed goes on from there."""
    began, before = time.perf_counter(), record.get("spent", 0.0)
    try:
        return _train(trial, folder)
    finally:
        record["spent"] = before + time.perf_counter() - began
        _write(record, folder)


def check(trials: Sequence[Trial], folder: Path) -> None:
    """Begin the records of all trials.

    Raises:
        UserError: a recipe that does not compose; a folder that holds a training of another recipe.
    """
    for trial in trials:
        place, config = folder / trial.name, fingerprint(trial)
        if not (place / RECORD).is_file():
            place.mkdir(parents=True, exist_ok=True)
            _write({"trial": asdict(trial), "config": config}, place)
        elif _record(place)["config"] != config:
            raise UserError(f"{place} holds a training of another recipe: remove it, or type another folder=DIR")


def _write(record: dict[str, Any], folder: Path) -> None:
    write_json(folder / RECORD, record, "the proof's record")


def _record(folder: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return held


def _train(trial: Trial, folder: Path) -> str:
    """What a training died of; "" where it went well. Its words are kept in ``train.log``."""
    words = ["train", *trial.recipe, f"hydra.run.dir={folder}", "resume=true"]
    log = folder / "train.log"
    with log.open("w", encoding="utf-8") as file:
        one_core = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        done = subprocess.run(
            command("gan_zoo.cli", "main", *words), stdout=file, stderr=subprocess.STDOUT, env=one_core, check=False
        )
    if done.returncode == 0:
        return ""
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    return f"{fate(done.returncode)}: {lines[-1] if lines else 'without a word'}"
