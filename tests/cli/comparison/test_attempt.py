"""Runs in processes of their own: what is left when one ends by itself, by an error, or by a signal."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from gan_zoo.cli.comparison import attempt
from gan_zoo.cli.comparison.attempt import alone, child, done, note_end
from gan_zoo.cli.comparison.plan import Job
from gan_zoo.cli.comparison.record import DIED, FINISHED, RUNNING, STOPPED, Record

TINY = ["debug=tiny", "data.load_size=36", "data.crop_size=32", "trainer.accelerator=cpu"]


@pytest.fixture
def job(domains: Path, tmp_path: Path) -> Job:
    """A CycleGAN of two iterations."""
    data = ["data=unpaired", f"data.root={domains}", *TINY]
    small = [
        "model.generator.n_blocks=1",
        "callbacks.gallery=null",
        "callbacks.grids=null",
        "trainer.limit_val_batches=0",
    ]
    summary = [
        "+callbacks.summary._target_=gan_zoo.callbacks.summary.Summary",
        "+callbacks.summary.path=${run_dir}/summary.json",
    ]
    folder = tmp_path / "runs" / "one-seed0"
    train = ["model=cyclegan", *data, *small, *summary, "trainer.max_steps=2"]
    return Job("one", str(folder), train, str(folder / "checkpoints" / "last.ckpt"), data, 2, seed=0)


def test_trained_measured_and_drawn_once(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(job.folder)
    assert child([json.dumps(asdict(job))]) == 0
    record = Record.read(folder)
    assert record.state == FINISHED
    assert record.trained
    assert record.trained["iterations"] == 2
    assert record.facts["class"] == "CycleGAN"
    assert record.facts["parameters"].keys() == {"generator", "discriminator"}
    assert sorted(path.relative_to(folder / "pictures").as_posix() for path in folder.glob("pictures/*/*")) == [
        "ab/000.png",
        "ba/000.png",
    ]  # of one test picture
    assert json.loads((folder / "evaluation" / "metrics.json").read_text())["metrics"]
    assert done(job, record)
    assert not done(replace(job, samples=3), record)
    other = replace(job, measure=[*job.measure, "metrics=[swd]"])
    assert not done(other, record)
    assert attempt.drawing_words(other) == record.drawn  # other metrics need no other pictures

    from gan_zoo.cli import evaluation, training

    for module in (training, evaluation):  # nothing of this is done twice
        monkeypatch.setattr(module, "main", lambda words: pytest.fail("again"))
    assert child([json.dumps(asdict(replace(job, samples=1)))]) == 0


def test_an_error_is_its_line(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert child([json.dumps(asdict(replace(job, train=[*(job.train or []), "data.batch_size=9"])))]) == 1
    record = Record.read(Path(job.folder))
    assert (record.state, record.step) == (DIED, "training")
    assert record.reason.startswith("data.batch_size=9 is more than the 4 training images")
    assert f"error: one-seed0: {record.reason}" in capsys.readouterr().err


def test_what_a_run_could_not_say_itself(tmp_path: Path) -> None:
    Record(RUNNING).write(tmp_path)
    note_end(tmp_path, -signal.SIGKILL, stopped=False)
    assert Record.read(tmp_path).reason == "killed by SIGKILL, as the system does when memory runs out"
    Record(RUNNING).write(tmp_path)
    note_end(tmp_path, 3, stopped=False)
    assert Record.read(tmp_path).reason == "ended with status 3 and without a word"
    Record(RUNNING).write(tmp_path)
    note_end(tmp_path, -signal.SIGTERM, stopped=True)
    assert Record.read(tmp_path).state == STOPPED
    Record(DIED, "its own words").write(tmp_path)
    note_end(tmp_path, 1, stopped=False)
    assert Record.read(tmp_path).reason == "its own words"


def test_measuring_takes_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "trainer.devices=1" in alone()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "trainer.devices=1" not in alone()


@pytest.mark.slow
def test_a_run_ends_with_the_process_that_waits_for_it(job: Job) -> None:
    long = replace(job, train=[*(job.train or [])[:-1], "trainer.max_steps=100000", "callbacks.tick.every_n_images=5"])
    parent = (
        "import subprocess, sys; from gan_zoo.cli.processes import command; "
        "p = subprocess.Popen(command('gan_zoo.cli.comparison.attempt', 'child', sys.argv[1])); "
        "print(p.pid, flush=True); p.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, json.dumps(asdict(long))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        wait_for(lambda: Path(job.checkpoint).is_file())
        process.kill()
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    assert Record.read(Path(job.folder)).state == STOPPED


def wait_for(condition: object, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.1)
