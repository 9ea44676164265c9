"""One command, several trainings: each stage starts from the weights that the one before it left.

A configuration declares them in their order, each with what an experiment's file could hold::

    stages:
      coarse: {data: {load_size: 512}}
      fine:
        defaults: [override /model/generator: resnet_9]
        data: {load_size: 1024}
        trainer: {max_epochs: 100}

A stage is the whole configuration with this added, below ``debug`` and whatever is typed, which so hold for each stage
(``stages.fine.KEY=VALUE`` for one). It runs in ``<run_dir>/2-fine`` as any training does: its ranks know nothing of
stages. ``model.init_from`` is the last checkpoint of ``<run_dir>/1-coarse``. ``stage=fine`` trains that stage alone.

A resumed run leaves out the finished ones and goes on with the one that was cut off, from its last checkpoint.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from gan_zoo.callbacks.files import write_text
from gan_zoo.cli import folders
from gan_zoo.cli.compose import Composer, quoted
from gan_zoo.cli.report import one_line
from gan_zoo.errors import UserError, nearest
from gan_zoo.launch import is_first_rank

Train = Callable[..., float | None]
OWN = re.compile(r"(\+?\+?)stages\.(\w+)\.(.+)", re.DOTALL)  # what is typed for one stage
LEFT_OUT = ("resume=", "ckpt_path=", "run_dir=")  # what is typed for the whole
CARRIED = ("hydra.searchpath=", "hydra.output_subdir=", "hydra/job_logging=", "hydra.verbose=")


@dataclass(frozen=True)
class Stage:
    """One training of several: its name, its folder, and the overrides that make its configuration."""

    name: str
    folder: Path
    overrides: list[str]

    @property
    def last(self) -> Path:
        """Its last checkpoint, once there is one."""
        return self.folder / folders.LAST

    @property
    def finished(self) -> Path:
        """The file that says that its training ended as it should."""
        return self.folder / "finished"

    def finish(self) -> None:
        """Write that file, whole or not at all; not where there is no checkpoint (``fast_dev_run``)."""
        if is_first_rank() and self.last.is_file():
            words = f"The stage {self.name} is trained: a resumed run leaves it out.\n"
            write_text(self.finished, words, "the mark of a stage's end")


def train(cfg: DictConfig, train_one: Train, group: str | None = None) -> float | None:
    """Train the stages of the running job's configuration; returns what ``train_one`` does for the last one.

    Args:
        cfg: the whole, with ``stages``.
        train_one: trains one configuration; loggers get the stage's ``name`` and the ``group`` of all stages.
        group: the run folder's name if None.

    Raises:
        UserError: a stage's configuration is wrong, or its training failed, and which.
    """
    job, composer, root = HydraConfig.get(), Composer.of_job(), Path(cfg.run_dir)
    carried = [text for text in job.overrides.hydra if text.startswith(CARRIED)]
    stages = declared(composer, job.overrides.task, root, chained=not cfg.trainer.get("fast_dev_run"))
    resuming = folders.wants_last(cfg)
    done = list(takewhile(lambda stage: stage.finished.is_file(), stages)) if resuming else []
    todo = stages[len(done) :]
    for stage in stages:
        say(stage, "to be trained" if stage in todo else "finished before: left out")
    for stage in todo[1:]:  # a mistake in a later one shows before the first is trained
        named(stage, partial(composer.compose, stage.overrides))
    value = None
    for stage in todo:
        going_on = [f"ckpt_path={quoted(str(stage.last))}"] if resuming and stage.last.is_file() else []
        place = [*carried, "hydra.mode=RUN", f"hydra.run.dir={quoted(str(stage.folder))}"]
        job_of_stage = partial(train_one, group=group or root.name, name=f"{root.name}-{stage.folder.name}")
        say(stage, "goes on from its last checkpoint" if going_on else "begins")
        stage.finished.unlink(missing_ok=True)
        value = named(stage, partial(composer.run, job_of_stage, [*stage.overrides, *going_on, *place]))
        stage.finish()
        resuming = False  # what a later stage's folder may hold is of another time
    return value


def declared(composer: Composer, typed: list[str], root: Path, chained: bool) -> list[Stage]:
    """The stages in their order; ``typed`` are the overrides of the whole. ``chained``: each leaves a checkpoint.

    Raises ``UserError``: something is typed for a stage that is not there; a file is named to go on from.
    """
    common, own = sort(typed)
    names = composer.stages(common)
    for name in own:
        if name not in names:
            raise UserError(f"stages.{name}: there is no such stage{nearest(name, names)}")
    stages: list[Stage] = []
    for number, name in enumerate(names, start=1):
        start = [f"model.init_from={quoted(str(stage.last))}" for stage in stages[-1:] if chained]
        overrides = [*common, f"stage={name}", *start, *own.get(name, [])]
        stages.append(Stage(name, root / f"{number}-{name}", overrides))
    return stages


def sort(typed: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The overrides for every stage, and each stage's own. Raises ``UserError``: a checkpoint of one stage is named."""
    common: list[str] = []
    own: dict[str, list[str]] = {}
    for text in typed:
        if found := OWN.fullmatch(text):
            plus, name, value = found.groups()
            own.setdefault(name, []).append(f"+{value}" if plus == "+" else value)
        elif text.startswith("ckpt_path=") and text not in ("ckpt_path=last", "ckpt_path=null"):
            raise UserError(f"{text} is of one stage: name it (stage=NAME), or go on with the whole by resume=true")
        elif not text.startswith(LEFT_OUT):
            common.append(text)
    return common, own


def say(stage: Stage, what: str) -> None:
    """A line about a stage, once for all ranks."""
    if is_first_rank():
        print(f"{'stage:':<11} {stage.folder.name} {what}", flush=True)


def named(stage: Stage, action: Callable[[], Any]) -> Any:
    """What ``action`` returns; its error names the stage."""
    try:
        return action()
    except Exception as error:
        raise UserError(f"stage {stage.name}: {one_line(error)}") from error
