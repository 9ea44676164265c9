"""How single parameters are distributed, over time."""

from collections.abc import Sequence
from fnmatch import fnmatch
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor


class Histograms(Callback):
    """At each tick, histograms of the parameters with certain names: in W&B and TensorBoard; their means everywhere.

    Args:
        patterns: names with ``*`` and ``?``, as the model's ``named_parameters`` has them. ``generator.*.rho`` are the
            shares of instance norm in U-GAT-IT's norms: 1 is all of it, 0 is layer norm.
    """

    def __init__(self, patterns: Sequence[str] = ("generator.*.rho",)) -> None:
        self.patterns = tuple(patterns)

    def on_tick(self, trainer: Trainer, module: Any) -> None:
        """Log them, on the first rank; nothing where no parameter is called so."""
        if not trainer.is_global_zero:
            return
        found = {
            title(name): value.detach().float().flatten().cpu()
            for name, value in module.named_parameters()
            if any(fnmatch(name, pattern) for pattern in self.patterns)
        }
        means = {name: float(values.mean()) for name, values in found.items()}
        for logger in trainer.loggers if found else []:
            logger.log_metrics(means, trainer.global_step)
            show(logger, found, trainer.global_step)


def title(name: str) -> str:
    """``rho/ab.blocks.0.norm1`` for ``generator.ab.blocks.0.norm1.rho``: what is alike stands together."""
    layer, _, last = name.rpartition(".")
    return f"{last}/{layer.partition('.')[2] or layer}"


def show(logger: Any, found: dict[str, Tensor], step: int) -> None:
    """Give the histograms to a logger that takes them."""
    if isinstance(logger, WandbLogger):
        import wandb

        made: dict[str, Any] = {}
        for name, values in found.items():
            made[f"{name}/histogram"] = wandb.Histogram(values.tolist())
        logger.log_metrics(made, step)
    elif hasattr(getattr(logger, "experiment", None), "add_histogram"):
        for name, values in found.items():
            logger.experiment.add_histogram(f"{name}/histogram", values, step)
