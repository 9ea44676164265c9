"""What a train command leaves out, filled in; each addition is printed, and every one can be typed instead.

- neither model, data nor experiment: the demo (``experiment=demo``);
- a model without data: the embedded data set of its kind; data without a model: the model for its kind;
- an unpaired model on pairs: the pairs are shuffled apart;
- a model of pictures alone on a world of two domains: the world's pictures alone;
- a U-Net of 256 px on pictures of 128 px: the U-Net of 128 px, with the other parts of that size;
- a model that shares a batch among its objectives, with batches that cannot be shared: its own size of batches;
- a model with preprocessing of its own, on data with the usual one: its own;
- a model whose paper counts iterations, in a run without a length of its own: that length, counted in images;
- a model that grows: one epoch for its whole schedule, a clock for checkpoints and grids, its own debug=tiny.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from gan_zoo.cli.compose import Composer
from gan_zoo.errors import UserError

PAIRS, COLOURS, HOLES, UNPAIRED, LABELS = "pairs", "colours", "holes", "unpaired", "label maps"
PICTURES = "pictures"  # alone
KINDS = {  # by the class in gan_zoo.data, of the data set or else of the module
    **{"Paired": PAIRS, "Colorize": COLOURS, "Repair": HOLES, "Unpaired": UNPAIRED},
    **{"LabelMapModule": LABELS, "PictureModule": PICTURES},
}
EMBEDDED = {PAIRS: "repair_cc0", UNPAIRED: "tshirt2longsleeve_cc0"}
OPTIONAL = ("+experiment=", "+stage=", "+ablation=", "+debug=", "+hparams_search=")
SMALLER = {  # by class: what stands in for the parts of 256 px
    "BicycleGAN": {"generator": "latent_unet_128", "encoder": "resnet_128", "discriminator": "patchgan_multi_128"}
}
DEPTHS = ("_target_", "n_downs", "n_blocks", "n_layers", "each.n_layers")
GROWING = ("ProGAN", "StyleGAN")
FROM_PICTURES = ("Pix2Pix", "CycleGAN", "BicycleGAN", "UNIT", "MUNIT", "SAMUNIT", "UGATIT")
USUAL_LENGTH = (200, -1)  # conf/trainer/default.yaml's max_epochs and max_steps
DECIDING = ("model", "data", "model/generator", "data.crop_size")  # where one of these is swept, nothing is made to fit


@dataclass
class Filled:
    """The overrides of a command with what it left out, and a line on each addition."""

    overrides: list[str]
    notes: list[str] = field(default_factory=list)

    def add(self, override: str, why: str) -> None:
        """One addition."""
        self.overrides.append(override)
        self.notes.append(f"filled in: {override} ({why})")


def fill(composer: Composer, overrides: list[str]) -> Filled:
    """The overrides with model, data and what makes them fit.

    Raises:
        UserError: a model that learns from pairs on unpaired data.
    """
    filled = Filled([_optional(text) for text in overrides])
    if composer.config_name != "train":
        return filled
    _fit_world(composer, _typed(filled.overrides), filled)
    typed = _typed(filled.overrides)
    _fit_debug(composer, typed, filled)
    if "experiment" in typed:
        return filled
    if not {"model", "data"} & typed.keys():
        filled.overrides.append("experiment=demo")
        return filled
    _fill_missing_half(composer, typed, filled)
    if not any(key in typed and typed[key].is_sweep_override() for key in DECIDING):
        _make_fit(composer, composer.compose(_fixed(filled.overrides)), _typed(filled.overrides), filled)
    return filled


def kind_of_data(cfg: DictConfig) -> str:
    """Pairs, colours and holes (pairs that are made of photographs), unpaired or label maps; "" for a user's own."""
    return kind_of(cfg.data.get("dataset", {}).get("_target_"), cfg.data.get("_target_"))


def kind_of(*targets: str | None) -> str:
    """The kind that the first known class among these paths stands for; "" if there is none."""
    return next((KINDS[name] for name in (str(path).rpartition(".")[2] for path in targets) if name in KINDS), "")


def header(composer: Composer, group: str, name: str) -> dict[str, str]:
    """The ``# key: value`` lines at the top of a configuration file: what the zoo's tables say about it."""
    for source in composer.loader.get_sources():
        path = Path(source.path) / group / f"{name}.yaml"
        if source.scheme() == "file" and path.is_file():
            return _header_lines(path.read_text(encoding="utf-8"))
    return {}


def _header_lines(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        key, colon, value = line.lstrip("# ").partition(":")
        if colon and " " not in key:
            found[key] = value.strip()
    return found


def _optional(text: str) -> str:
    """``+experiment=x`` as ``experiment=x``: these groups are in the defaults list already, as null.

    What is typed for one stage may be any key, also one that the stage does not mention.
    """
    if text.startswith("stages."):
        return f"++{text}"
    return text[1:] if text.startswith(OPTIONAL) else text


def _typed(overrides: list[str]) -> dict[str, Override]:
    """The overrides by key; unreadable ones are left to the composer's message."""
    parser = OverridesParser.create()
    parsed = {}
    for text in overrides:
        try:
            override = parser.parse_override(text)
        except Exception:
            continue
        parsed[override.key_or_group] = override
    return parsed


def _fixed(overrides: list[str]) -> list[str]:
    """The overrides without those that a sweep gives several values: what all of its runs have in common."""
    swept = {override.input_line for override in _typed(overrides).values() if override.is_sweep_override()}
    return [text for text in overrides if text not in swept]


def _first(override: Override) -> str:
    """An override, with the first of several values: a sweep over models that grow has no others beside them."""
    if not override.is_choice_sweep():
        return str(override.input_line)
    return f"{override.key_or_group}={next(iter(override.sweep_iterator()))}"


def _fill_missing_half(composer: Composer, typed: dict[str, Override], filled: Filled) -> None:
    if "data" not in typed and not typed["model"].is_sweep_override():
        name = str(typed["model"].value())
        kind = header(composer, "model", name).get("data", PAIRS)
        if kind == LABELS:
            raise UserError(
                f"model={name} learns from label maps, of which the zoo has drawn ones (data=world_layouts_labels); "
                "for your own: add data=labelmaps data.root=DIR"
            )
        if kind == PICTURES:
            raise UserError(
                f"model={name} learns from a folder of pictures of your own: add data=images data.root=DIR, or "
                "data=world_faces, which the zoo draws"
            )
        filled.add(f"data={EMBEDDED.get(kind, EMBEDDED[PAIRS])}", f"photographs that come with the zoo, {kind}")
    if "model" not in typed and not typed["data"].is_sweep_override():
        of_data = [text for text in _fixed(filled.overrides) if text.lstrip("+~").startswith("data")]
        kind = kind_of_data(composer.compose(of_data))  # keys of a model that is not named yet would be unknown
        if kind == UNPAIRED:
            filled.add("model=cyclegan", f"{typed['data'].value()} is unpaired")
        if kind == LABELS:
            filled.add("model=pix2pixhd", f"{typed['data'].value()} are label maps")
        if kind == PICTURES:
            filled.add("model=stylegan", f"{typed['data'].value()} are pictures alone")


def _fit_world(composer: Composer, typed: dict[str, Override], filled: Filled) -> None:
    """The data that a world's header names for the kind that the model learns from."""
    if not {"model", "data"} <= typed.keys() or any(typed[key].is_sweep_override() for key in ("model", "data")):
        return
    model, data = (str(typed[key].value()) for key in ("model", "data"))
    wanted = header(composer, "model", model).get("data", "")
    fitting = header(composer, "data", data).get(wanted)
    if fitting is not None:
        line = typed["data"].input_line
        filled.overrides[:] = [text for text in filled.overrides if text != line]
        filled.add(f"data={fitting}", f"{model} learns from {wanted} alone")


def _make_fit(composer: Composer, cfg: DictConfig, typed: dict[str, Override], filled: Filled) -> None:
    model, data = str(typed["model"].value()) if "model" in typed else "pix2pix", str(typed["data"].value())
    target = str(cfg.model.get("_target_", "")).rpartition(".")[2]
    kind = kind_of_data(cfg)
    if target in GROWING and kind == PICTURES:
        _fit_growth(cfg, typed, filled)
    if target in ("Pix2Pix", "BicycleGAN") and kind == UNPAIRED:
        raise UserError(
            f"model={model} learns from pairs, and data={data} is unpaired: take model=cyclegan, or data of pairs"
        )
    alone = (target in GROWING and kind not in (PICTURES, "")) or (kind == PICTURES and target in FROM_PICTURES)
    of_maps = (target == "Pix2PixHD" and kind in (COLOURS, HOLES, UNPAIRED, PICTURES)) or (
        kind == LABELS and target in FROM_PICTURES
    )
    if alone or of_maps:
        raise UserError(f"model={model} does not learn from data={data}: gan-zoo train --help says which data fit")
    if target == "Pix2PixHD" and kind == PAIRS:
        for key, value in (("model.labels", "0"), ("model.instances", "false")):
            if key not in typed:
                filled.add(f"{key}={value}", f"the input is a picture in {data}, no label map")
    dataset = str(cfg.data.get("dataset", {}).get("_target_", ""))
    about = header(composer, "model", model)
    if about.get("data") == UNPAIRED and dataset.endswith(".Paired") and "data.dataset._target_" not in typed:
        unpaired = dataset.removesuffix("Paired") + "Unpaired"
        filled.add(f"data.dataset._target_={unpaired}", f"the pairs of {data} are shuffled apart")
    shared = int(about.get("batch", "1"))
    if "data.batch_size" not in typed and cfg.data.get("batch_size", shared) % shared:
        filled.add(f"data.batch_size={shared}", f"{model} gives each of its objectives an equal part of a batch")
    _fit_unet(cfg, typed, filled)
    _fit_preprocessing(about, cfg, typed, filled)
    _fit_length(about, cfg, typed, filled)


def _fit_unet(cfg: DictConfig, typed: dict[str, Override], filled: Filled) -> None:
    """The references' choice by size: unet_256 and what belongs to it, and unet_128 for 128 px."""
    size, n_downs = cfg.data.get("crop_size"), cfg.model.get("generator", {}).get("n_downs")
    if n_downs != 8 or not isinstance(size, int) or not size % 256 or size % 128:
        return
    target = str(cfg.model.get("_target_", "")).rpartition(".")[2]
    for part, option in SMALLER.get(target, {"generator": "unet_128"}).items():
        if not {f"model/{part}", *(f"model.{part}.{key}" for key in DEPTHS)} & typed.keys():
            filled.add(f"model/{part}={option}", f"for pictures of {size} px")


def _fit_preprocessing(about: dict[str, str], cfg: DictConfig, typed: dict[str, Override], filled: Filled) -> None:
    """The mode that a model's header names, where the data have the usual one; it resizes to what it crops, or so much
    more as the header's margin says."""
    usual = str(cfg.data.get("preprocess", {}).get("_target_", "")) == "gan_zoo.data.transforms.ResizeAndCrop"
    if "preprocess" not in about or not usual or any(key.startswith("data.preprocess") for key in typed):
        return
    filled.add(f"data.preprocess._target_={about['preprocess']}", "the paper's")
    margin = int(about.get("margin", "0"))
    if "data.load_size" not in typed:
        why = f"the crop's and {margin} px, as in the paper" if margin else "the shorter side's, as in the paper"
        filled.add(f"data.load_size={cfg.data.crop_size + margin}", why)


def _fit_length(about: dict[str, str], cfg: DictConfig, typed: dict[str, Override], filled: Filled) -> None:
    """The images that a model's header counts, where the run has the usual number of epochs; typed iterations count."""
    epochs, steps = USUAL_LENGTH
    if "images" not in about or "trainer.max_epochs" in typed or cfg.trainer.max_epochs != epochs:
        return
    if "trainer.max_steps" in typed or cfg.trainer.max_steps != steps:
        if cfg.trainer.max_steps > 0:
            filled.add("trainer.max_epochs=-1", "the paper counts iterations")
        return
    images = int(about["images"])
    numbers = [cfg.trainer.get(key) for key in ("devices", "num_nodes", "accumulate_grad_batches")]
    numbers.append(cfg.data.get("batch_size"))
    at_once = math.prod(number for number in numbers if isinstance(number, int) and number > 0)
    filled.add("trainer.max_epochs=-1", "the paper counts iterations")
    filled.add(f"trainer.max_steps={-(-images // at_once)}", f"{images:,} images, {at_once} an iteration")


def _fit_growth(cfg: DictConfig, typed: dict[str, Override], filled: Filled) -> None:
    """One epoch for the whole schedule; as that is long, a clock that does not wait for its end."""
    told = {"trainer.max_epochs", "trainer.max_steps"} & typed.keys()
    if not told and (cfg.trainer.max_epochs, cfg.trainer.max_steps) == USUAL_LENGTH:
        kimg = cfg.model.schedule.get("total_kimg")
        why = f"of {1000 * kimg:,.0f} images, model.schedule.total_kimg" if kimg else "without an end of its own"
        filled.add("trainer.max_epochs=1", why)
    elif "trainer.max_epochs" not in typed and cfg.trainer.max_epochs not in (1, -1):
        filled.add("trainer.max_epochs=-1", "iterations are counted")
    if "callbacks.tick.every_n_images" not in typed and cfg.callbacks.tick and not cfg.callbacks.tick.every_n_images:
        filled.add("callbacks.tick.every_n_images=100000", "checkpoints and grids within the one epoch")


def _fit_debug(composer: Composer, typed: dict[str, Override], filled: Filled) -> None:
    """debug=tiny by the names that growing networks' widths have."""
    if "debug" not in typed or typed["debug"].value() != "tiny" or not {"model", "data", "experiment"} & typed.keys():
        return
    cfg = composer.compose([_first(typed[key]) for key in ("model", "data", "experiment") if key in typed])
    grows = str(cfg.model.get("_target_", "")).rpartition(".")[2] in GROWING
    if grows or ("model" not in typed and "experiment" not in typed and kind_of_data(cfg) == PICTURES):
        filled.overrides[:] = [text for text in filled.overrides if text != "debug=tiny"]
        filled.add("debug=tiny_growing", "its widths have names of their own")
