"""One run of a comparison, in a process of its own: whatever ends it, the others go on, and its memory is its own.

Hydra's launcher calls ``Attempts`` where the run belongs (here, in a worker, on a cluster); that starts the process
below and notes what became of it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_zoo import launch
from gan_zoo.cli.comparison.plan import SUMMARY, Job
from gan_zoo.cli.comparison.record import DIED, FINISHED, RUNNING, STOPPED, Record
from gan_zoo.cli.comparison.settings import MEASURING
from gan_zoo.cli.processes import command, fate
from gan_zoo.cli.report import one_line

PATIENCE = 60.0  # seconds that a run has to save and end, once it was told to


@dataclass
class Attempts:
    """What a launcher runs: the job of its number. ``home`` is the process that compares."""

    jobs: list[Job]
    home: int

    def __call__(self, cfg: Any) -> None:
        """Start the job's process, and wait for it. A signal is passed on."""
        from hydra.core.hydra_config import HydraConfig

        job = self.jobs[HydraConfig.get().job.num]
        process = subprocess.Popen(command(__name__, child.__name__, json.dumps(asdict(job))))
        with _passing_on(process) as told:
            code = process.wait()
        note_end(Path(job.folder), code, stopped=bool(told))
        if told and os.getpid() == self.home:  # no further run of this comparison begins
            raise SystemExit(128 + signal.SIGTERM)


@contextmanager
def _passing_on(process: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """SIGTERM reaches the run, which saves and ends; an interrupt has reached it already. Yields what was caught."""
    told: list[int] = []

    def tell(number: int, frame: Any) -> None:
        told.append(number)
        process.terminate()

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, tell) if main else None
    try:
        yield told
    except BaseException:
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if main:
            signal.signal(signal.SIGTERM, before)


def note_end(folder: Path, code: int, stopped: bool) -> None:
    """Say in the record what the run could not say itself."""
    record = Record.read(folder)
    if code < 0 and not stopped:
        record.ended(DIED, fate(code)).write(folder)
    elif record.state == RUNNING:
        state, reason = (STOPPED, "") if stopped else (DIED, f"{fate(code)} and without a word")
        record.ended(state, reason).write(folder)


def child(argv: list[str]) -> int:
    """The process of one run; 0 where it finished."""
    job = Job(**json.loads(argv[0]))
    folder = Path(job.folder)
    record = Record.read(folder)
    try:
        _perform(job, folder, record)
    except (KeyboardInterrupt, SystemExit) as end:  # Lightning leaves by the latter on an interrupt and on SIGTERM
        with suppress(Exception):
            record.ended(STOPPED).write(folder)
        return end.code if isinstance(end, SystemExit) and isinstance(end.code, int) else 130
    except Exception as error:
        if os.environ.get("GAN_ZOO_TRACEBACK") == "1":
            sys.excepthook(type(error), error, error.__traceback__)
        print(f"error: {folder.name}: {one_line(error)}", file=sys.stderr, flush=True)
        with suppress(Exception):  # a full disk is full for this file too: note_end says less
            record.ended(DIED, one_line(error)).write(folder)
        return 1
    return 0


def _perform(job: Job, folder: Path, record: Record) -> None:
    """What is not done yet of training, measuring and drawing."""
    from gan_zoo.cli import evaluation, runs, training
    from gan_zoo.cli.comparison import drawing
    from gan_zoo.cli.compose import quoted

    def begin(step: str) -> None:
        record.step = step
        record.ended(RUNNING).write(folder)
        if launch.is_first_rank():
            print(f"{folder.name}: {step}", flush=True)

    where = [] if job.config_dir is None else ["--config-dir", job.config_dir]
    if job.train is not None and record.trained is None:
        begin("training")
        record.measured = record.drawn = None
        training.main([*where, *job.train, f"hydra.run.dir={quoted(str(folder))}", "resume=true"])
        record.trained = _summary(folder)
    if record.measured != job.measure:
        begin("measuring")
        place = [f"checkpoint={quoted(job.checkpoint)}", f"hydra.run.dir={quoted(str(folder / 'evaluation'))}"]
        with runs.hushed():
            evaluation.main([*where, *job.measure, *alone(), *place])
        record.measured = job.measure
    if record.drawn != (words := drawing_words(job)):
        begin("drawing")
        if launch.is_first_rank():
            record.facts |= drawing.draw(job)
        record.drawn = words
    record.ended(FINISHED).write(folder)


def alone() -> list[str]:
    """Measuring takes one device, unless something else started a process for each."""
    quiet = ["trainer.enable_progress_bar=false"]
    one = ["trainer.devices=1", "trainer.num_nodes=1", "trainer.strategy=auto"]
    return quiet if launch.started_elsewhere() else [*quiet, *one]


def drawing_words(job: Job) -> list[str]:
    """What pictures depend on: the data and how they are prepared, not the metrics."""
    return [*(text for text in job.measure if not text.lstrip("+~").startswith(MEASURING)), f"samples={job.samples}"]


def done(job: Job, record: Record) -> bool:
    """Whether nothing of a run is left to do."""
    return record.state == FINISHED and record.measured == job.measure and record.drawn == drawing_words(job)


def _summary(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return found
    return {}
