"""Comparisons that are over, made by hand: their folders hold what runs would have left."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from gan_zoo.cli.comparison.plan import Job
from gan_zoo.cli.comparison.record import DIED, FINISHED, Record
from gan_zoo.cli.comparison.table import Column, read

from ..conftest import draw

Make = Callable[..., list[Column]]


@pytest.fixture
def ended(tmp_path: Path) -> Make:
    """``ended({"one": [{"l1": 0.1}, {"l1": 0.3}], "two": ["the reason why it died"]}, samples=2)``: a run an item."""

    def make(models: dict[str, list[Any]], samples: int = 2, ways: tuple[str, ...] = ("ab", "ba")) -> list[Column]:
        jobs = []
        for side in "ab":
            for number in range(samples):
                draw(tmp_path / "inputs" / side / f"{number:03}.png", 24, 16, number)
        for name, runs in models.items():
            for seed, what in enumerate(runs):
                folder = tmp_path / "runs" / f"{name}-seed{seed}"
                jobs.append(Job(name, str(folder), ["model=x"], "last.ckpt", ["data=x"], samples, seed=seed))
                _leave(folder, what, samples, ways, seed)
        return read(jobs)

    return make


def _leave(folder: Path, what: Any, samples: int, ways: tuple[str, ...], seed: int) -> None:
    if isinstance(what, str):
        Record(DIED, what).write(folder)
        return
    facts = {"class": "Net", "parameters": {"generator": 1000, "discriminator": 500}, "directions": list(ways)}
    trained = {
        "seconds": 60.0 * (seed + 1),
        "images_per_second": 2.0,
        "memory_gb": 1.5,
        "iterations": 9,
        "images_seen": 9,
    }
    Record(FINISHED, "", "drawing", trained, ["data=x"], ["data=x", f"samples={samples}"], facts).write(folder)
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "metrics.json").write_text(json.dumps({"metrics": what, "protocol": "as it is"}))
    for way in ways:
        for number in range(samples):
            draw(
                folder / "pictures" / way / f"{number:03}.png", 24, 16, crc32(f"{folder.name} {way} {number}".encode())
            )
