import json
import math
from pathlib import Path

import pytest

from gan_zoo.callbacks.history import History
from gan_zoo.errors import UserError


class Clock:
    images = 0

    def __call__(self) -> int:
        return self.images


def test_numbers_over_images_seen(tmp_path: Path) -> None:
    clock = Clock()
    history = History(tmp_path / "deep" / "history.jsonl", clock)
    for images in (2, 4):
        clock.images = images
        history.log_metrics({"generator/l1": images / 2, "epoch": 0, "images_seen": images}, step=images)
    history.log_metrics({"epoch": 0})
    assert history.series == {"generator/l1": [(2, 1.0), (4, 2.0)]}
    lines = (tmp_path / "deep" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"images": 2, "values": {"generator/l1": 1.0}},
        {"images": 4, "values": {"generator/l1": 2.0}},
    ]


def test_resuming_forgets_the_future_and_half_a_line(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "history.jsonl"
    history = History(path, clock)
    for images in (2, 4, 6):
        clock.images = images
        history.log_metrics({"x": images})
    with path.open("a") as file:
        file.write('{"images": 5, "val')
    again = History(path, clock)
    again.begin(4)
    assert again.series == {"x": [(2, 2.0), (4, 4.0)]}
    assert len(path.read_text().splitlines()) == 2


def test_a_new_run_begins_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"images": 2, "values": {"x": 1}}\n')
    history = History(path, Clock())
    history.begin(0)
    assert history.series == {}
    assert path.read_text() == ""


def test_nan_is_kept_as_json(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "history.jsonl"
    clock.images = 2
    History(path, clock).log_metrics({"x": math.nan, "y": 1.0})
    assert json.loads(path.read_text())["values"] == {"x": None, "y": 1.0}
    again = History(path, clock)
    again.begin(2)
    assert math.isnan(again.series["x"][0][1])


def test_full_disk(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UserError, match="cannot write the run's history"):
        History(tmp_path / "taken" / "history.jsonl", Clock()).begin(0)
