"""``gan-zoo benchmark`` for models that grow: a row for each size."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli import runs
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.training.growth import Stage
    from gan_zoo.training.module import GANModule


def grows(cfg: DictConfig) -> bool:
    """Whether it is a configuration of a model whose schedule has sizes."""
    return str(cfg.model.get("schedule", {}).get("_target_", "")).endswith(".Growth")


def table(cfg: DictConfig, args: argparse.Namespace, options: dict[str, Any]) -> Iterator[str]:
    """What an iteration costs at each size, on noise, with the batch that the schedule has for it.

    ``options``: the Trainer's. With lazy regularisation operations are the mean iteration's; time is as measured.

    Raises:
        UserError: a comparison is asked for that such models have not.
    """
    if args.against_bare_loop or args.against_reference_order:
        raise UserError("models that grow have no other order of passes to be compared with: leave --against-… out")
    yield f"{'size':>8}{'batch':>8}" + ("" if args.flops else f"{'ms':>12}{'images/s':>12}") + f"{'GFLOP/image':>14}"
    for stage in stages(cfg, options):
        if stage.batch < 1:
            raise UserError(f"no picture of {stage.resolution} px is left for a device: set model.schedule.batches")
        timed = "" if args.flops else time(cfg, stage, args, options)
        yield f"{stage.resolution:>5} px{stage.batch:>8}{timed}{operations(cfg, stage) / 1e9:>14.2f}"


def stages(cfg: DictConfig, options: dict[str, Any]) -> "list[Stage]":
    """Each size with the batch of one device."""
    from hydra.utils import instantiate

    devices = options.get("devices", 1)
    count = devices if isinstance(devices, int) and devices > 0 else 1
    found: list[Stage] = instantiate(cfg.model.schedule).stages(count)
    return [stage._replace(batch=stage.batch // count) for stage in found]


def time(cfg: DictConfig, stage: "Stage", args: argparse.Namespace, options: dict[str, Any]) -> str:
    """Two columns: milliseconds of an iteration, images/s."""
    from gan_zoo.benchmark import Noise, noise_pictures, time_iterations

    sample = noise_pictures(cfg.data.channels, stage.resolution, stage.resolution)
    data = Noise(sample, stage.batch)
    timing = time_iterations(standing(cfg, stage), data, options, args.iterations, args.warmup)
    return f"{timing.total:>12.1f}{timing.images_per_second:>12.2f}"


def operations(cfg: DictConfig, stage: "Stage") -> float:
    """Floating-point operations an image; two styles a picture, where there are any."""
    import torch

    from gan_zoo.benchmark import flops_per_iteration

    with torch.device("meta"):
        model: Any = standing(cfg, stage)
        batch = {"image": torch.zeros(stage.batch, cfg.data.channels.image, stage.resolution, stage.resolution)}
    model.chance = lambda name: 0.0
    interval = getattr(model, "r1_interval", 1)
    first, *others = (flops_per_iteration(model, batch, iteration) for iteration in range(min(interval, 2)))
    return (first + (interval - 1) * sum(others)) / interval / stage.batch


def standing(cfg: DictConfig, stage: "Stage") -> "GANModule":
    """The model at a size, where it stays; the same each time."""
    from lightning import seed_everything

    from gan_zoo.training.module import GANModule

    seed_everything(cfg.seed, verbose=False)
    plain: Any = OmegaConf.to_container(cfg.model, resolve=True)
    plain["schedule"] = {"_target_": "gan_zoo.training.growth.Still", "level": stage.lod}
    model = runs.build_model(OmegaConf.create(plain))
    assert isinstance(model, GANModule)
    return model
