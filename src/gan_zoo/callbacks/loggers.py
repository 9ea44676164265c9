"""Weights & Biases without surprises: no prompt, no crash, curves over images seen, resumed under its id."""

import math
import netrc
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only, rank_zero_warn
from omegaconf import OmegaConf

from gan_zoo.errors import UserError

HIGHER_IS_BETTER = ("psnr", "ssim", "accuracy")  # the last part of a metric's name; of all others lower is better
ID_FILE = "wandb_run_id"


def wandb_logger(
    save_dir: str | Path = ".",
    project: str = "gan_zoo",
    name: str | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    log_model: bool = False,
    **init: Any,
) -> "Wandb":
    """A logger for ``Trainer(logger=…)``.

    Args:
        save_dir: the run's folder; it keeps the run's id, under which a resumed run goes on.
        project: on the server.
        name: of the run; the folder's name if None.
        group: of runs that belong together; in a Hydra sweep its name, if None.
        tags: for example the model and the data.
        config: plain containers.
        log_model: whether the last checkpoint becomes an artifact when training has ended.
        init: more of ``wandb.init``'s arguments, for example ``entity`` or ``mode``.

    Raises:
        UserError: wandb is not installed.
    """
    if find_spec("wandb") is None:
        raise UserError("logger=wandb needs the package wandb: pip install wandb, or choose logger=csv")
    folder = Path(save_dir)
    init = {"mode": mode(), "config": dict(config) if config else None, "tags": [*tags], **init}
    return Wandb(
        log_last_checkpoint=log_model,
        name=name or folder.resolve().name,
        save_dir=folder,
        project=project,
        id=run_id(folder),
        group=group or sweep_name(),
        **init,
    )


def finish(failed: bool = False) -> None:
    """Close the run, if there is one: to be called in a ``finally``, so that the next run does not write into it."""
    wandb = sys.modules.get("wandb")
    if wandb is not None and wandb.run is not None:
        wandb.finish(exit_code=1 if failed else 0)


class Wandb(WandbLogger):
    """Lightning's logger with ``images_seen`` under everything, best values in the summary, and no way to fail a run.

    Args:
        log_last_checkpoint: whether the last checkpoint becomes an artifact when training has ended.
    """

    def __init__(self, log_last_checkpoint: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.log_last_checkpoint = log_last_checkpoint
        self.best: dict[str, float] = {}
        self._images_seen: Callable[[], int] | None = None
        self._last_checkpoint = ""

    @property
    def experiment(self) -> Any:
        """The run, begun when first asked for; one that cannot reach its server goes on offline."""
        if self._experiment is None and _first_rank():
            self._experiment = self._begin()
            self._experiment.define_metric("images_seen", hidden=True)
            self._experiment.define_metric("*", step_metric="images_seen", step_sync=True)
        return super().experiment

    @rank_zero_only
    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Not a graph, but Lightning's way to show the model to a logger: from now on its clock is known."""
        self._images_seen = lambda: int(getattr(model, "images_seen", 0))

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log over images seen, and keep the best of what was validated."""
        clock = {"images_seen": float(self._images_seen())} if self._images_seen else {}
        iteration = {} if step is None else {"iteration": step}
        self.experiment.log({**clock, **iteration, **metrics})
        for name, value in metrics.items():
            if name.startswith(("val/", "test/")) and isinstance(value, float) and self._is_best(name, value):
                self.best[name] = value
                self.experiment.summary[f"best/{name}"] = value

    def after_save_checkpoint(self, checkpoint_callback: ModelCheckpoint) -> None:
        """Remember where the last one lies."""
        self._last_checkpoint = checkpoint_callback.last_model_path or self._last_checkpoint

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """At the end of training: the artifact, if wanted."""
        if self._experiment is None or status != "success" or not self.log_last_checkpoint:
            return
        if Path(self._last_checkpoint).is_file():
            import wandb

            artifact = wandb.Artifact(f"model-{self._experiment.id}", type="model")
            artifact.add_file(self._last_checkpoint)
            self._experiment.log_artifact(artifact, aliases=["latest", "last"])

    def _is_best(self, name: str, value: float) -> bool:
        sign = -1 if name.rpartition("/")[2] in HIGHER_IS_BETTER else 1
        return math.isfinite(value) and sign * value < sign * self.best.get(name, sign * math.inf)

    def _begin(self) -> Any:
        import wandb

        if wandb.run is not None:
            return wandb.run
        Path(str(self._save_dir)).mkdir(parents=True, exist_ok=True)
        settings = {key: value for key, value in self._wandb_init.items() if value is not None}
        if settings.get("mode") != "online":
            settings.pop("resume", None)  # it has no meaning there, and wandb would say so
        try:
            return wandb.init(**settings)
        except (wandb.errors.Error, OSError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            rank_zero_warn(
                f"W&B cannot be reached ({reason}): this run is logged offline; `wandb sync` uploads it later"
            )
            return wandb.init(**{**settings, "mode": "offline", "resume": None})


def mode() -> str:
    """``WANDB_MODE`` if it is set; else "online" where there is a key, else "offline"."""
    if chosen := os.environ.get("WANDB_MODE"):
        return "offline" if chosen == "dryrun" else chosen
    return "online" if os.environ.get("WANDB_API_KEY") or _key_in_netrc() else "offline"


def run_id(folder: Path) -> str:
    """The id of the run in this folder; a new one is written down."""
    path = folder / ID_FILE
    if path.is_file() and (known := path.read_text().strip()):
        return known
    new = os.environ.get("WANDB_RUN_ID") or uuid.uuid4().hex[:8]
    if _first_rank():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(new + "\n")
    return new


def sweep_name() -> str | None:
    """The folder of the Hydra sweep that this run belongs to, if any."""
    hydra = sys.modules.get("hydra.core.hydra_config")
    if hydra is None or not hydra.HydraConfig.initialized():
        return None
    config = hydra.HydraConfig.get()
    return None if OmegaConf.is_missing(config.job, "num") else Path(config.sweep.dir).name


def _key_in_netrc() -> bool:
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _first_rank() -> bool:
    return getattr(rank_zero_only, "rank", 0) == 0
