"""``gallery.html``: everything about a run on one page, rewritten at each tick."""

import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lightning
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import OmegaConf

from gan_zoo.callbacks.announce import announcement, planned_iterations
from gan_zoo.callbacks.charts import number
from gan_zoo.callbacks.files import write_text
from gan_zoo.callbacks.grids import ImageGrids
from gan_zoo.callbacks.history import History
from gan_zoo.callbacks.page import Page, Report
from gan_zoo.callbacks.tick import dry
from gan_zoo.errors import UserError


class Gallery(Callback):
    """Writes ``dirpath/gallery.html``: grids over time, curves of all that is logged, command, configuration, files.

    The page is one file that needs neither server nor network. Its numbers are kept in ``dirpath/history.jsonl``, so
    that a resumed run goes on with them. Other callbacks may put a ``Report`` into ``reports``.

    Args:
        dirpath: the run's folder; the trainer's if None.
        command: what was typed; this process's own words if None.
        config: the configuration, as text or plain containers; ``dirpath/.hydra/config.yaml`` if None and there is one,
            else the model's own arguments.
    """

    tick_order = 10  # it shows what the others made

    def __init__(
        self,
        dirpath: str | Path | None = None,
        command: str | None = None,
        config: str | Mapping[str, Any] | None = None,
    ) -> None:
        self.dirpath = None if dirpath is None else Path(dirpath)
        self.command, self.config = command, config
        self.history: History | None = None
        self.reports: dict[str, Report] = {}
        self.began, self.finished = time.time(), False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Listen to what is logged in training."""
        if stage != "fit" or dry(trainer):
            return
        if self.dirpath is None:
            self.dirpath = Path(trainer.log_dir or trainer.default_root_dir)
        self.history = History(self.dirpath / "history.jsonl", lambda: int(pl_module.images_seen))
        others = [logger for logger in trainer.loggers if not isinstance(logger, History)]
        trainer.loggers = [*others, self.history]

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Take up the past, and let the page be looked at from the beginning."""
        if self.history is not None and trainer.is_global_zero:
            self.began, self.finished = time.time(), False
            self.history.begin(pl_module.images_seen)
            self.write(trainer, pl_module, "running")

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Write the page anew."""
        if not self.finished:
            self.write(trainer, module, "running")

    def on_final_tick(self, trainer: Trainer, module: Any) -> None:
        """Write it for the last time."""
        self.finished = True
        self.write(trainer, module, "finished")

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        """Say why it stopped, if the page can still be written."""
        if self.history is not None and pl_module.images_seen:
            with suppress(Exception):  # the first error is the one to be heard
                reason = str(exception).splitlines()[0] if str(exception) else type(exception).__name__
                self.write(trainer, pl_module, f"stopped: {reason}" if isinstance(exception, UserError) else "stopped")

    def write(self, trainer: Trainer, module: Any, state: str) -> Path | None:
        """Write it, on the first rank; returns where.

        Raises:
            UserError: the folder cannot be written to; the page written before is still there.
        """
        if self.history is None or self.dirpath is None or not trainer.is_global_zero:
            return None
        path = self.dirpath / "gallery.html"
        write_text(path, self.page(trainer, module, state).html(), "the page")
        return path

    def page(self, trainer: Trainer, module: Any, state: str) -> Page:
        """What it shows now."""
        assert self.history is not None
        assert self.dirpath is not None
        grids = [path for callback in callbacks_of(trainer, ImageGrids) for path in callback.grids()]
        return Page(
            title=self.dirpath.resolve().name,
            subtitle=f"{type(module).__name__} · {state} · {time.strftime('%Y-%m-%d %H:%M')}",
            command=self.command or typed(),
            config=self._config(module),
            figures=self._figures(trainer, module),
            facts=[*(line for line in announcement(trainer, module) if line[0] != "to go"), ("software", _software())],
            links=_files(self.dirpath, trainer),
            grids=[(int(path.stem), path) for path in grids if int(path.stem) <= module.images_seen],
            series={name: points for name, points in self.history.series.items() if not name.startswith("color/")},
            reports=list(self.reports.values()),
            footer="Made by gan_zoo: one file, to be opened anywhere. Training rewrites it: reload to see more.",
        )

    def _figures(self, trainer: Trainer, module: Any) -> list[tuple[str, str]]:
        end, series = planned_iterations(trainer), self.history.series if self.history else {}
        share = f" ({100 * trainer.global_step / end:.0f} %)" if end else ""
        found = [(f"{module.images_seen:,}", "images seen"), (f"{trainer.global_step:,}", f"iterations{share}")]
        if speed := series.get("speed/images_per_second"):
            found.append((number(speed[-1][1]), "images a second"))
        seconds = int(time.time() - self.began)
        found.append((f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}", "time"))
        scores = [name for name in series if name.startswith("val/")]
        return found + [(number(series[name][-1][1]), name) for name in scores[:3]]

    def _config(self, module: Any) -> str:
        if isinstance(self.config, str):
            return self.config
        if self.config is not None:
            return OmegaConf.to_yaml(OmegaConf.create(dict(self.config)))
        with suppress(OSError):
            assert self.dirpath is not None
            return (self.dirpath / ".hydra" / "config.yaml").read_text(encoding="utf-8")
        return OmegaConf.to_yaml(OmegaConf.create({"model": module.description()}))


def typed() -> str:
    """This process's command, as it may have been typed."""
    program = Path(sys.argv[0])
    words = ["python", program.name] if program.suffix == ".py" else [program.name]
    if program.name == "__main__.py":
        words = ["python", "-m", program.parent.name]
    return shlex.join([*words, *sys.argv[1:]])


def _software() -> str:
    return f"torch {torch.__version__}, lightning {lightning.__version__}, Python {sys.version.split()[0]}"


def _files(folder: Path, trainer: Trainer) -> list[tuple[str, str]]:
    """Checkpoints and logs inside the run's folder, with their sizes."""
    found = []
    for callback in callbacks_of(trainer, ModelCheckpoint):
        for path in sorted(Path(str(callback.dirpath)).glob("*.ckpt")):
            with suppress(OSError, ValueError):  # gone by now, or elsewhere
                size = f"{path.stat().st_size / 2**20:.1f} MB"
                found.append((f"{path.name} ({size})", quote(path.resolve().relative_to(folder.resolve()).as_posix())))
    return found


def callbacks_of(trainer: Trainer, kind: Any) -> list[Any]:
    """The trainer's callbacks of a class."""
    return [callback for callback in trainer.callbacks if isinstance(callback, kind)]  # type: ignore[attr-defined]
