"""``gan-zoo benchmark model=… [data=…]``: speed, floating-point operations and memory of a training iteration."""

import argparse
import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli import runs, speed_growing
from gan_zoo.cli.arguments import Parser
from gan_zoo.cli.compose import Composer, forget, quoted
from gan_zoo.cli.fill import LABELS, PICTURES, fill, header, kind_of_data
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from lightning import LightningDataModule

    from gan_zoo.benchmark import Batch, Timing
    from gan_zoo.training.module import GANModule

SCENE = (2048, 1024)  # width and height that preprocessing starts from
INSTANCES = 200  # in a scene of noise
EXAMPLES = """\
  gan-zoo benchmark model=pix2pix                               noise pictures of 256 px, the paper's widths
  gan-zoo benchmark model=cyclegan data.crop_size=128           smaller ones
  gan-zoo benchmark model=pix2pixhd data.load_size=512 --flops  label maps of noise, 512x256; counting alone
  gan-zoo benchmark model=stylegan model.resolution=64          each size of a model that grows
  gan-zoo benchmark experiment=munit/animals                    noise too, unless data.root= or data= is typed
  gan-zoo benchmark model=pix2pix data=edges2shoes_cc0          real data, with their loading
  gan-zoo benchmark --against-bare-loop                         what Lightning, Hydra and logging add to the demo
  gan-zoo benchmark model=cyclegan data.crop_size=128 --against-reference-order"""


def main(argv: Sequence[str]) -> int:
    """Measure and print.

    Raises:
        UserError: as for ``gan-zoo train``.
    """
    args = _parse(argv)
    composer = Composer("train", config_dir=args.config_dir)
    try:
        with tempfile.TemporaryDirectory(prefix="gan_zoo-benchmark-") as folder, runs.hushed():
            cfg, noise = configuration(composer, args.overrides, folder)
            for line in lines(cfg, noise, args):
                print(line, flush=True)
    finally:
        forget()
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="gan-zoo benchmark", description="Speed of a training iteration.", epilog=EXAMPLES, formatter_class=raw
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for gan-zoo train: model, data, trainer…")
    parser.add_argument("--iterations", type=int, default=20, help="measured ones (default 20)")
    parser.add_argument("--warmup", type=int, default=3, help="iterations before them (default 3)")
    parser.add_argument("--pairs", type=int, default=5, help="alternating pairs of a comparison (default 5)")
    parser.add_argument(
        "--against-bare-loop", action="store_true", help="what the framework adds to the same step in a bare loop"
    )
    parser.add_argument(
        "--against-reference-order", action="store_true", help="our step against the reference's separate passes"
    )
    parser.add_argument("--flops", action="store_true", help="count operations only: no weights of others are needed")
    parser.add_argument("--config-dir", help="your own groups")
    args, rest = parser.parse_known_args(list(argv))
    if stray := [word for word in rest if word.startswith("-")]:
        raise UserError(f"there is no option {stray[0]} (gan-zoo benchmark --help)")
    args.overrides += rest
    if args.iterations < 1 or args.warmup < 0 or args.pairs < 1:
        raise UserError("--iterations and --pairs are at least 1, --warmup at least 0")
    return args


def configuration(composer: Composer, overrides: list[str], folder: str) -> tuple[DictConfig, bool]:
    """What is measured, and whether on noise: a model or an experiment is, without data that are at hand.

    Raises:
        UserError: see ``Composer`` and ``fill``; several stages.
    """
    typed = dict(text.lstrip("+").partition("=")[::2] for text in overrides)
    noise = bool({"model", "experiment"} & typed.keys()) and not {"data", "data.root"} & typed.keys()
    chosen = list(overrides)
    if noise and "experiment" not in typed:
        kind = header(composer, "model", typed["model"]).get("data", "")
        of_maps = kind == LABELS and typed.get("model.labels") != "0"
        chosen.append("data=images" if kind == PICTURES else "data=labelmaps" if of_maps else "data=paired")
    place = [f"hydra.run.dir={quoted(folder)}", f"run_dir={quoted(folder)}"]
    cfg = composer.compose([*fill(composer, chosen).overrides, *place])
    if cfg.stages and not typed.get("stage"):
        raise UserError(f"this experiment has stages, one of which is measured: stage={' or stage='.join(cfg.stages)}")
    return cfg, noise and not embedded(cfg)


def embedded(cfg: DictConfig) -> bool:
    """Whether the data come with the zoo."""
    from gan_zoo.data.registry import known

    entry = known(cfg.data.name)
    return entry is not None and entry.embedded is not None


def lines(cfg: DictConfig, noise: bool, args: argparse.Namespace) -> Iterator[str]:
    """The report, line by line as it is measured."""
    if speed_growing.grows(cfg):
        yield f"model       {cfg.model._target_.rpartition('.')[2]}, noise of each size, {precision(cfg)}"
        yield from speed_growing.table(cfg, args, options(cfg))
        return
    data = datamodule(cfg, noise)
    batch = first_batch(data)
    name, what = cfg.model._target_.rpartition(".")[2], "noise" if noise else cfg.data.name
    yield f"model       {name}, {what}: {describe(batch)}, {precision(cfg)}"
    if args.against_bare_loop:
        yield against_bare_loop(cfg, data, args)
    if args.against_reference_order:
        yield against_reference_order(cfg, data, args)
    if not (args.against_bare_loop or args.against_reference_order or args.flops):
        yield from speed(cfg, data, args)
    if args.flops or not (args.against_bare_loop or args.against_reference_order):
        yield operations(cfg, batch)


def operations(cfg: DictConfig, batch: "Batch") -> str:
    """Floating-point operations."""
    from gan_zoo import benchmark

    flops = benchmark.flops_per_iteration(model_of(cfg), batch)
    return f"operations  {flops / 1e9:.2f} GFLOP an iteration (batch {len(next(iter(batch.values())))})"


def speed(cfg: DictConfig, data: "LightningDataModule", args: argparse.Namespace) -> Iterator[str]:
    """Images/s, memory, milliseconds by phase."""
    from gan_zoo import benchmark

    timing: Timing = benchmark.time_iterations(model_of(cfg), data, options(cfg), args.iterations, args.warmup)
    yield f"speed       {timing.images_per_second:.2f} images/s"
    yield f"memory      {timing.peak_bytes / 2**20:.0f} MiB at most"
    phases = benchmark.time_phases(model_of(cfg), data, options(cfg), args.iterations, args.warmup)
    parts = "  ".join(f"{phase} {phases[phase]:.1f}" for phase in benchmark.PHASES)
    yield f"iteration   {timing.total:.1f} ms; waiting for the device at each change: {parts}"


def against_reference_order(cfg: DictConfig, data: "LightningDataModule", args: argparse.Namespace) -> str:
    """Our step against one in which every pass of a network is by itself, as in the reference."""
    from gan_zoo import benchmark

    def seconds(share: bool) -> float:
        timing = benchmark.time_iterations(
            model_of(cfg, share_passes=share), data, options(cfg), args.iterations, args.warmup
        )
        return timing.total

    ratio, ratios = benchmark.alternate(lambda: seconds(True), lambda: seconds(False), args.pairs)
    return f"ours / reference's pass order: {ratio:.3f} (median of {listed(ratios)}; {args.iterations} iterations each)"


def against_bare_loop(cfg: DictConfig, data: "LightningDataModule", args: argparse.Namespace) -> str:
    """The whole of Lightning, Hydra's configuration, callbacks and logging against the same step in a plain loop."""
    from hydra.utils import instantiate

    from gan_zoo import benchmark

    def framework() -> float:
        told = {"logger": [instantiate(one) for one in runs.members(cfg.logger)], "enable_progress_bar": True}
        watching = [
            one
            for one in runs.members(cfg.callbacks)
            if one._target_.rpartition(".")[2] in ("Tick", "Throughput", "ProgressBar")
        ]
        told["callbacks"] = [*runs.compiling(cfg), *(instantiate(one) for one in watching)]
        with contextlib.redirect_stdout(io.StringIO()):
            timing: Timing = benchmark.time_iterations(
                model_of(cfg), data, options(cfg) | told, args.iterations, args.warmup
            )
        return float(timing.total * args.iterations / 1000)

    def bare() -> Any:
        return benchmark.time_bare(model_of(cfg), data.train_dataloader(), options(cfg), args.iterations, args.warmup)

    ratio, ratios = benchmark.alternate(framework, bare, args.pairs)
    return (
        f"with the framework / bare loop: {ratio:.3f} (median of {listed(ratios)}; {args.iterations} iterations each)"
    )


def datamodule(cfg: DictConfig, noise: bool) -> "LightningDataModule":
    """The configured data, ready; or noise of their channels and size."""
    from hydra.utils import instantiate

    from gan_zoo.benchmark import Noise, noise_pictures

    if noise:
        of_maps = kind_of_data(cfg) == LABELS
        size = cfg.data.crop_size
        sample = noise_scene(cfg) if of_maps else noise_pictures(cfg.data.channels, size, size)
        return Noise(sample, cfg.data.batch_size)
    data: LightningDataModule = instantiate(cfg.data)
    data.prepare_data()
    data.setup("fit")
    return data


def noise_scene(cfg: DictConfig) -> "Batch":
    """Label map and photo of noise, and what else the data give, as these make it of Cityscapes' 2048x1024.

    Raises:
        UserError: the sides would not fit the generator.
    """
    from hydra.utils import instantiate

    from gan_zoo.benchmark import noise_maps, noise_pictures

    data = cfg.data
    mode = instantiate(data.preprocess)(data.load_size, data.crop_size, multiple=data.multiple)
    mode.check(SCENE)
    width, height = mode.result(*SCENE)
    features = {"feature": data.feature_channels} if data.features else {}
    ids = {"label": data.labels} | ({"instance": INSTANCES} if data.instances else {})
    pictures = noise_pictures({"image": data.channels.b} | features, height, width)
    return noise_maps(ids, height, width) | pictures


def first_batch(data: "LightningDataModule") -> "Batch":
    """A training batch."""
    batch: Batch = next(iter(data.train_dataloader()))
    return batch


def model_of(cfg: DictConfig, **changes: Any) -> "GANModule":
    """A fresh model of the configuration, the same each time."""
    from lightning import seed_everything

    from gan_zoo.training.module import GANModule

    seed_everything(cfg.seed, verbose=False)
    changed = OmegaConf.merge(cfg.model, changes)
    assert isinstance(changed, DictConfig)
    model = runs.build_model(changed)
    assert isinstance(model, GANModule)
    return model


def options(cfg: DictConfig) -> dict[str, Any]:
    """The Trainer's arguments that bear on speed, compilation among them."""
    names = (
        "accelerator",
        "devices",
        "precision",
        "accumulate_grad_batches",
        "benchmark",
        "deterministic",
        "log_every_n_steps",
    )
    told = {name: cfg.trainer[name] for name in names if cfg.trainer.get(name) is not None}
    return told | {"callbacks": runs.compiling(cfg)}


def describe(batch: "Batch") -> str:
    """``batch 1 of 3x256x256 and 3x256x256``; what is neither a nor b is named."""
    known = [name for name in ("a", "b", "label", "instance", "feature", "image") if name in batch]
    sizes = [("x".join(map(str, batch[name].shape[1:])), "" if name in "ab" else f" {name}") for name in known]
    shapes = " and ".join(size + name for size, name in sizes)
    return f"batch {len(next(iter(batch.values())))} of {shapes}"


def precision(cfg: DictConfig) -> str:
    """Precision and device, in words."""
    import torch

    if cfg.trainer.accelerator != "cpu" and torch.cuda.is_available():
        return f"{cfg.trainer.precision} on {torch.cuda.get_device_name()}"
    return f"{cfg.trainer.precision} on CPU ({torch.get_num_threads()} threads)"


def listed(ratios: Sequence[float]) -> str:
    """The single ratios."""
    return " ".join(f"{ratio:.3f}" for ratio in ratios)
