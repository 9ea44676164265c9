"""The same test pictures through a model, as files; and what is known of a model by looking at it."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.cli import styles, translation
from gan_zoo.cli.comparison.plan import Job
from gan_zoo.cli.compose import Composer, forget
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

INPUTS = "inputs"  # the folder of what all models are given, beside the runs
MANY = 4  # translations, from which on their speed is told


def samples(data: Any, count: int) -> "dict[str, Tensor]":
    """Pictures ``a`` and ``b`` (N, C, H, W) in [-1, 1], evenly spread over the test split; the same each time.

    Raises:
        UserError: the data are wrong, or no pictures of two sides.
    """
    if not hasattr(data, "fixed_samples"):
        raise UserError(f"data={data.name} offers no fixed samples: compare needs the same inputs for all models")
    batch: dict[str, Tensor] = data.fixed_samples(count, "test")
    if not {"a", "b"} <= set(batch):
        raise UserError(f"data={data.name} has no pictures of two sides, a and b, to translate")
    return batch


def write_inputs(data: Any, count: int, folder: Path) -> dict[str, Any]:
    """The samples as ``inputs/a/000.png`` and so on; what is to be said of the data.

    ``paired``: the other side is the target, in pairs, and in worlds, whose test pictures show the same scenes.

    Raises:
        UserError: see ``samples``; the folder cannot be written to.
    """
    batch, view = samples(data, count), data.view
    for side in "ab":
        for number in range(len(batch[side])):
            image, source = batch[side][number : number + 1], batch["a"][number : number + 1]
            target = folder / INPUTS / side / f"{number:03}.png"
            translation.write(view.write(image, source if side == "b" else image, side), target)
    about = getattr(data, "describe", lambda: str(data.name))()
    known = bool(getattr(data.kind, "paired", False)) or getattr(data, "world", None) is not None
    return {"data": about, "paired": known, "inputs": len(batch["a"])}


def draw(job: Job) -> dict[str, Any]:
    """Translate the samples into ``pictures/ab/000.png`` and so on; parameters, directions and speed.

    Each picture goes alone, with a style of its own for models with styles: that of its number, for all alike.

    Raises:
        UserError: see ``samples``.
    """
    import torch
    from hydra.utils import instantiate

    import gan_zoo

    try:
        cfg = Composer("evaluate", config_dir=job.config_dir).compose([*job.measure, "checkpoint=none"])
        data = instantiate(cfg.data)
    finally:
        forget()
    batch, view, folder = samples(data, job.samples), data.view, Path(job.folder) / "pictures"
    model = gan_zoo.load(job.checkpoint).to(translation.device("cpu" if cfg.trainer.accelerator == "cpu" else "auto"))
    ways, seconds = getattr(model, "directions", ("ab",)), []
    for way in ways:
        for number in range(len(batch[way[0]])):
            source = batch[way[0]][number : number + 1]
            torch.manual_seed(number)
            began = time.perf_counter()
            with torch.inference_mode():
                made = model.translate(source.to(model.device), way, **_style(model, number)).cpu()
            seconds.append(time.perf_counter() - began)
            translation.write(view.write(made, source, way[1]), folder / way / f"{number:03}.png")
    return {**facts(model), "directions": list(ways), "translations_per_second": _speed(seconds)}


def facts(model: Any) -> dict[str, Any]:
    """The class, and numbers of parameters by player."""
    counts = {player: sum(p.numel() for p in getattr(model, player).parameters()) for player in model.players}
    return {"class": type(model).__name__, "parameters": counts, "images_seen": int(model.images_seen)}


def measures(folder: Path) -> dict[str, Any]:
    """The report that measuring left in a run's folder; empty where there is none."""
    path = folder / "evaluation" / "metrics.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _style(model: Any, number: int) -> dict[str, Any]:
    return {"style": styles.drawn(model, 1, number)[0]} if getattr(model, "style_dim", 0) else {}


def _speed(seconds: list[float]) -> float | None:
    """Pictures a second, one at a time; the first may wait for libraries and does not count."""
    return (len(seconds) - 1) / max(sum(seconds[1:]), 1e-9) if len(seconds) >= MANY else None
