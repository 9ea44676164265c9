import json
import time
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.cli.proof import runner
from gan_zoo.cli.proof.plan import Trial
from gan_zoo.errors import UserError

TINY = ("debug=tiny",)


def trial(**changes: Any) -> Trial:
    return Trial(**{"name": "p", "model": "pix2pix", "judge": "paired", "words": TINY} | changes)


def verdict(one: Trial, checkpoint: Path) -> dict[str, Any]:
    assert checkpoint.is_file()
    return {"learned": True, "checks": [], "others": {}, "names": []}


@pytest.mark.slow
def test_trainings_are_done_once_and_judged_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runner.check([trial()], tmp_path)
    (first,) = runner.run([trial()], tmp_path, 1, verdict)
    assert first.holds
    assert first.seconds > 0
    assert "p: learned" in capsys.readouterr().out
    written = (tmp_path / "p" / "checkpoints" / "last.ckpt").stat().st_mtime_ns

    def never(one: Trial, checkpoint: Path) -> dict[str, Any]:
        raise AssertionError("judged twice")

    runner.check([trial()], tmp_path)
    (second,) = runner.run([trial()], tmp_path, 1, never)
    assert second == first
    assert (tmp_path / "p" / "checkpoints" / "last.ckpt").stat().st_mtime_ns == written


def ended(folder: Path) -> None:
    """The record of a training that has ended and been judged."""
    runner.check([trial()], folder)
    record = json.loads((folder / "p" / runner.RECORD).read_text())
    record |= {"seconds": 1.0, "verdict": {"learned": True, "rules": "old"}, "judging": 2.0}
    (folder / "p" / runner.RECORD).write_text(json.dumps(record))


def test_a_verdict_by_other_rules_is_found_again(tmp_path: Path) -> None:
    ended(tmp_path)
    (kept,) = runner.run([trial()], tmp_path, 1, lambda one, file: {"learned": False}, lambda one, verdict: True)
    assert kept.holds
    (anew,) = runner.run([trial()], tmp_path, 1, lambda one, file: {"learned": False}, lambda one, verdict: False)
    assert not anew.holds


def test_the_time_of_a_training_that_was_stopped_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(one: Trial, folder: Path) -> str:
        time.sleep(0.2)
        raise KeyboardInterrupt

    runner.check([trial()], tmp_path)
    monkeypatch.setattr(runner, "_train", stopped)
    with pytest.raises(KeyboardInterrupt):
        runner.run([trial()], tmp_path, 1, lambda one, file: {})
    monkeypatch.setattr(runner, "_train", lambda one, folder: "")
    (found,) = runner.run([trial()], tmp_path, 1, lambda one, file: {"learned": True})
    assert found.seconds >= 0.2


@pytest.mark.slow
def test_one_that_dies_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    dead = trial(name="d", changes=("data.crop_size=100000",))
    runner.check([dead], tmp_path)
    (found,) = runner.run([dead], tmp_path, 1, verdict)
    assert found.died.startswith("ended with status 1: error:")
    assert not found.holds


def test_another_recipe_in_the_folder_is_refused(tmp_path: Path) -> None:
    runner.check([trial()], tmp_path)
    with pytest.raises(UserError, match="holds a training of another recipe"):
        runner.check([trial(seed=3)], tmp_path)


@pytest.mark.parametrize(("learned", "without", "holds"), [(True, "", True), (False, "", False), (False, "x", True)])
def test_a_control_holds_where_it_did_not_learn(learned: bool, without: str, holds: bool) -> None:
    assert runner.Result(trial(without=without), 1.0, {"learned": learned}).holds is holds
    assert not runner.Result(trial(without=without), 1.0, {}, "killed").holds


def test_records_are_plain(tmp_path: Path) -> None:
    runner.check([trial()], tmp_path)
    assert json.loads((tmp_path / "p" / runner.RECORD).read_text())["trial"]["model"] == "pix2pix"
