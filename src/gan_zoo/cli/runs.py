"""One training run from its composed configuration: build, fit, tidy up."""

import logging
import math
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo import launch
from gan_zoo.cli import folders
from gan_zoo.cli.report import one_line
from gan_zoo.errors import UserError, nearest

if TYPE_CHECKING:
    from lightning import LightningModule, Trainer

log = logging.getLogger(__name__)


class FailedTrial(float):
    """The value of a trial that raised: NaN, which Optuna refuses to read as a number and so counts as failed."""

    def __new__(cls, reason: str) -> "FailedTrial":
        """A NaN that knows its reason."""
        value = super().__new__(cls, math.nan)
        value.reason = reason
        return value

    reason: str

    def __float__(self) -> float:
        """Refused: the sweeper marks the trial as failed (told NaN, it would end the sweep)."""
        raise ValueError(f"this trial failed: {self.reason}")

    def __reduce__(self) -> tuple[type["FailedTrial"], tuple[str]]:
        """How it travels from a launcher's process."""
        return FailedTrial, (self.reason,)


def trial(cfg: DictConfig) -> float | None:
    """One run of a sweep: an error is one line and a NaN, and the sweep goes on."""
    try:
        return train(cfg)
    except Exception as error:
        reason = one_line(error)
        print(f"error: this trial failed: {reason}", file=sys.stderr, flush=True)
        return FailedTrial(reason)


def train(cfg: DictConfig) -> float | None:
    """Train what the configuration describes, in its ``run_dir``; returns ``optimized_metric``, if it names one.

    Raises:
        UserError: see the messages of data, model and trainer.
    """
    from gan_zoo.callbacks.loggers import sweep_name
    from gan_zoo.cli import stages

    return stages.train(cfg, train_one, sweep_name()) if cfg.get("stages") else train_one(cfg)


def train_one(cfg: DictConfig, group: str | None = None, name: str | None = None) -> float | None:
    """One training; ``group`` and ``name`` are what loggers call it (None: the sweep's, and the folder's)."""
    with launch.job(), tidy(), hushed():
        from lightning import seed_everything

        seed_everything(cfg.seed, workers=True, verbose=False)
        folder = Path(cfg.run_dir)
        checkpoint = folders.checkpoint_to_resume(cfg, folder)
        data, model, trainer = assemble(cfg, {"group": group, "name": name})
        if checkpoint is not None:
            check_resumable(checkpoint, model)
        elif cfg.model.get("init_from"):
            line = initialise(model, Path(cfg.model.init_from))
            if trainer.is_global_zero:
                print(f"{'start:':<11} {line}", flush=True)
        trainer.fit(model, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        if trainer.is_global_zero:
            announce_results(folder, samples=hasattr(model, "sample"))
        return optimized(trainer, cfg.get("optimized_metric"))


def assemble(cfg: DictConfig, told: Mapping[str, Any]) -> tuple[Any, "LightningModule", "Trainer"]:
    """Data, model and trainer (with loggers and callbacks, which are ``told`` what they leave null)."""
    from hydra.utils import instantiate

    data = instantiate(cfg.data)
    model = build_model(cfg.model)
    told = {**told, "command": command(), "config": OmegaConf.to_container(cfg, resolve=True)}
    loggers = [_made(one, told) for one in members(cfg.get("logger"))]
    callbacks = wanted([_made(one, told) for one in members(cfg.get("callbacks"))], cfg.trainer)
    callbacks += [*measuring(cfg), launch.same_config(fingerprint(cfg)), *compiling(cfg)]
    trainer = instantiate(cfg.trainer, logger=loggers or False, callbacks=callbacks)
    if trainer.is_global_zero:
        plain = OmegaConf.to_container(cfg, resolve=True)
        for logger in trainer.loggers:
            logger.log_hyperparams(plain)
    return data, model, trainer


def measuring(cfg: DictConfig) -> list[Any]:
    """The callback of the group ``metrics``, if anything is chosen in it."""
    if not cfg.get("metrics"):
        return []
    from gan_zoo.callbacks.metrics import Metrics
    from gan_zoo.evaluation.build import build, settings

    return [Metrics(build(cfg.metrics), settings(cfg.get("evaluation")))]


def compiling(cfg: DictConfig) -> list[Any]:
    """The callback that compiles networks, if ``compile`` is true."""
    if not cfg.get("compile"):
        return []
    from gan_zoo.callbacks.compiling import Compile

    return [Compile()]


def wanted(callbacks: list[Any], trainer: Mapping[str, Any]) -> list[Any]:
    """Without the callbacks that the trainer is told to do without: Lightning would refuse both together."""
    from lightning.pytorch.callbacks import ModelCheckpoint, ProgressBar

    kinds = {"enable_progress_bar": ProgressBar, "enable_checkpointing": ModelCheckpoint}
    unwanted = tuple(kind for key, kind in kinds.items() if trainer.get(key) is False)
    return [one for one in callbacks if not isinstance(one, unwanted)]


def build_model(config: DictConfig) -> "LightningModule":
    """The model, given its arguments as plain containers, which its checkpoints then hold.

    ``init_from`` is no argument: a model's checkpoint does not need the one that it started from.

    Raises:
        UserError: an argument that the class does not have.
    """
    from gan_zoo.training.config import locate, trust

    plain: Any = OmegaConf.to_container(config, resolve=True)
    trust(*{path.partition(".")[0] for path in _targets(plain)})  # the command line is the user's own word
    plain.pop("init_from", None)
    kind = locate(plain.pop("_target_"))
    try:
        model: LightningModule = kind(**plain)
    except TypeError as error:
        raise UserError(f"the model's configuration does not fit its class: {error}") from error
    return model


def initialise(model: "LightningModule", path: Path) -> str:
    """Give a fresh model what fits of an earlier one's weights; a line on what was taken and what stayed fresh.

    Raises:
        UserError: no checkpoint, or nothing of it fits.
    """
    from gan_zoo.training.checkpoint_io import read
    from gan_zoo.training.initialise import fresh, take

    state = read(path)["state_dict"]
    refined = getattr(model, "initialise_from", None)
    taken = take(model, state) if refined is None else refined(state)
    own = model.state_dict()
    if not taken:
        raise UserError(f"model.init_from={path}: none of its weights fit this {type(model).__name__}; name another")
    line = f"{len(taken)} of {len(own)} weights from {_relative(path)}"
    parts = fresh(own, taken)
    more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
    return f"{line}; fresh: {', '.join(parts[:4])}{more}" if parts else line


def check_resumable(path: Path, model: "LightningModule") -> None:
    """Refuse a checkpoint of another model before anything starts.

    Raises:
        UserError: it cannot be read, or its model is another class.
    """
    from gan_zoo.training.checkpoint_io import read

    about = read(path).get("gan_zoo", {})
    target = about.get("model", {}).get("_target_", "something else")
    held, wanted = target.rpartition(".")[2], type(model).__name__
    if held != wanted:
        raise UserError(f"{path} is a checkpoint of {held}, and this run trains {wanted}: choose the model it is of")
    if not about.get("ranks"):
        raise UserError(f"{path} holds imported weights, which no training here has written: it cannot be resumed")


def optimized(trainer: "Trainer", name: str | None) -> float | None:
    """The value a search minimises or maximises.

    Raises:
        UserError: nothing of that name was logged.
    """
    if name is None:
        return None
    if name not in trainer.callback_metrics:
        raise UserError(f"optimized_metric={name} was not logged{nearest(name, trainer.callback_metrics)}")
    return float(trainer.callback_metrics[name])


def announce_results(folder: Path, samples: bool = False) -> None:
    """Where to look, and what to do next; ``samples``: with a model that makes pictures of nothing."""
    shown = _relative(folder)
    if (folder / "gallery.html").is_file():
        print(f"gallery:    {shown / 'gallery.html'}")
    if (folder / folders.LAST).is_file():
        print(f"checkpoint: {shown / folders.LAST}")
        use = ("translate", "PICTURES --output translated") if not samples else ("sample", "--output samples")
        print(f"use it:     gan-zoo {use[0]} {shown / folders.LAST} {use[1]}")


def command() -> str:
    """The words that run this very job again, also where a sweep or a launcher started it."""
    from hydra.core.hydra_config import HydraConfig

    return shlex.join(["gan-zoo", "train", *HydraConfig.get().overrides.task])


def fingerprint(cfg: DictConfig) -> str:
    """A hash of the configuration without its run folder: equal on all ranks of one run."""
    import hashlib
    import json

    plain = json.dumps(OmegaConf.to_container(cfg, resolve=True), sort_keys=True, default=str)
    return hashlib.sha256(plain.replace(str(cfg.run_dir), "").encode()).hexdigest()


@contextmanager
def tidy() -> Iterator[None]:
    """Close W&B's run however training ends: the next job of a sweep must not log into it."""
    failed = True
    try:
        yield
        failed = False
    finally:
        if "wandb" in sys.modules:
            from gan_zoo.callbacks.loggers import finish

            finish(failed)


# What libraries say on every run, about things that are as they should be.
_REMARKS = (
    r".*isinstance\(treespec, LeafSpec\).*",
    r"Total length of .* across ranks is zero.*",
    r".*does not have many workers.*",
    r"Checkpoint directory .* exists and is not empty.*",
    r".*smaller than the logging interval.*",
    r"`training_step` returned `None`.*",
    r".*litlogger.*",
    r"Using `DistributedSampler` with the dataloaders.*",  # an evaluation deals its pictures itself
    r"Found .* module\(s\) in eval mode at the start of training.*",
    r"You have overridden `on_before_batch_transfer` in `LightningModule` but have passed in a.*",
)


@contextmanager
def hushed() -> Iterator[None]:
    """Without Lightning's remarks on GPUs that are not there (the start prints what matters) and the like."""
    import lightning  # noqa: F401 - importing it sets the levels that are changed here

    loggers = [logging.getLogger(name) for name in ("lightning", "lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        for remark in _REMARKS:
            warnings.filterwarnings("ignore", message=remark)
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def members(group: DictConfig | None) -> list[DictConfig]:
    """The entries of a group of objects; null switches one off."""
    return [one for one in (group or {}).values() if isinstance(one, DictConfig) and "_target_" in one]


def _made(one: DictConfig, told: Mapping[str, Any]) -> Any:
    """A logger or callback; keys that its configuration leaves null get what only the running job knows."""
    from hydra.utils import instantiate

    missing = {key: value for key, value in told.items() if key in one and one[key] is None}
    node = OmegaConf.masked_copy(one, [str(key) for key in one if key not in missing])
    node._set_parent(one._get_parent())  # its interpolations look further up
    return instantiate(node, _partial_=True)(**missing)


def _targets(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from [value] if key == "_target_" else _targets(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _targets(value)


def _relative(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
