"""``gallery.html`` of an evaluation: its numbers, what they depend on, and some of the pictures that they are about."""

import time
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from torch import Tensor

from gan_zoo.callbacks.files import write_text
from gan_zoo.callbacks.gallery import typed
from gan_zoo.callbacks.grids import draw, save
from gan_zoo.callbacks.page import Page, Report
from gan_zoo.data.views import Plain
from gan_zoo.data.views_labels import with_maps
from gan_zoo.evaluation.job import Result
from gan_zoo.evaluation.report import notes, rows

SHOWN, WIDTH = 4, 192  # samples, and pixels of each picture


def write_page(result: Result, report: dict[str, Any], model: Any, data: Any, folder: Path) -> Path:
    """The page in an evaluation's folder; its pictures are in ``samples/`` too."""
    grid = _grid(model, data, folder, int(report["images_seen"]))
    protocols = OmegaConf.to_yaml(OmegaConf.create({"protocols": report["protocols"], "data": report["data"]}))
    numbers = [(f"{value:.4g}", name) for name, value in result.headlines.items()][:5]
    page = Page(
        title=folder.resolve().name,
        subtitle=f"{report['model']} · evaluated · {time.strftime('%Y-%m-%d %H:%M')}",
        command=typed(),
        config=protocols,
        figures=[(f"{report['images_seen']:,}", "images seen"), *numbers],
        facts=[("checkpoint", str(report["checkpoint"])), ("data", data.describe())],
        links=[("metrics.json", "metrics.json")],
        grids=[] if grid is None else [(int(report["images_seen"]), grid)],
        reports=[Report("Metrics", "; ".join(notes(result)), rows(result))],
        footer="Made by gan_zoo evaluate: one file, to be opened anywhere.",
    )
    path = folder / "gallery.html"
    write_text(path, page.html(), "the page")
    return path


@torch.no_grad()
def _grid(model: Any, data: Any, folder: Path, images: int) -> Path | None:
    """What the model shows of a few test samples."""
    torch.manual_seed(0)
    split = "test" if data.split("test") is not None else "train"
    batch: dict[str, Tensor] = {
        name: value for name, value in data.fixed_samples(SHOWN, split).items() if isinstance(value, Tensor)
    }
    if not batch:
        return None
    shown = {name: x.float().clamp(-1, 1) if x.is_floating_point() else x for name, x in model.visuals(batch).items()}
    view = getattr(data, "view", None) or Plain(dict(data.channels))
    path = folder / "samples" / f"{images:09d}.jpg"
    save(draw({name: x.cpu() for name, x in with_maps(view, shown, batch).items()}, WIDTH), path)
    return path
