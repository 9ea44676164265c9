"""What a proof trains: models, seeds, and negative controls that must fail."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.cli.fill import fill
from gan_zoo.errors import UserError, nearest


@dataclass(frozen=True)
class Trial:
    """One training of a proof.

    ``words``: what is typed beside its recipe; ``without``: what a negative control lacks, "" for a model as it is, and
    ``changes`` what takes it away, in training only.
    """

    name: str
    model: str
    judge: str
    seed: int = 0
    words: tuple[str, ...] = ()
    without: str = ""
    changes: tuple[str, ...] = ()

    @property
    def plain(self) -> tuple[str, ...]:
        """The overrides of ``gan-zoo train`` that make the model as it is."""
        return (f"experiment=proof/{self.model}", f"seed={self.seed}", *self.words)

    @property
    def recipe(self) -> tuple[str, ...]:
        """Those that make this training."""
        return (*self.plain, *self.changes)


def read(cfg: DictConfig) -> list[Trial]:
    """The trainings of ``proof.yaml``, those of ``only`` where it names some.

    Raises:
        UserError: a name in ``only``, a judge or a control's model that is not there.
    """
    content: Any = OmegaConf.to_container(OmegaConf.masked_copy(cfg, ["models", "controls", "only"]))
    models, controls = content["models"], content["controls"] or {}
    trials = [trial for name, entry in models.items() for trial in _seeds(name, entry)]
    trials += [_control(name, entry, models) for name, entry in controls.items()]
    if (only := content["only"]) is None:
        return trials
    offered = sorted({name for trial in trials for name in (trial.name, trial.model)})
    for name in only:
        if name not in offered:
            raise UserError(f"only={name}: the proof trains none of that name{nearest(name, offered)}")
    return [trial for trial in trials if trial.name in only or (trial.model in only and not trial.without)]


def _seeds(name: str, entry: Mapping[str, Any]) -> list[Trial]:
    seeds = entry.get("seeds", [0])
    return [
        Trial(
            name if seed == seeds[0] else f"{name}_seed{seed}",
            name,
            entry["judge"],
            seed,
            tuple(entry.get("words", ())),
        )
        for seed in seeds
    ]


def _control(name: str, entry: Mapping[str, Any], models: Mapping[str, Any]) -> Trial:
    if (model := entry["of"]) not in models:
        raise UserError(f"controls.{name}.of={model}: the proof has no such model{nearest(model, models)}")
    base = _seeds(model, models[model])[0]
    return replace(base, name=name, without=entry["without"], changes=tuple(entry["words"]))


def fingerprint(trial: Trial) -> str:
    """A hash of the whole configuration of a trial's training, which another one of that name does not share.

    Raises:
        UserError: the recipe does not compose.
    """
    cfg = composed(trial.recipe)
    own: Any = OmegaConf.to_container(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]))
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def in_words(trial: Trial) -> str:
    """A recipe as a line: world, size, widths of the networks, what else is not the model's default, rate and length.

    Raises:
        UserError: the recipe does not compose.
    """
    cfg = composed(trial.plain)
    model, data = cfg.model, cfg.data
    side = data.get("crop_size") or model.resolution
    default = composed((f"model={trial.model}", f"data={data.name}"))
    words = [f"{key} {model[part][key]}" for part, key in _WIDTHS if key in model[part]]
    words += [f"{key} {value}" for key, value in model.items() if _plain(value) and value != default.model.get(key)]
    words.append(f"rate {model.optimizer.lr if 'lr' in model.optimizer else model.schedule.rate:g}")
    if cfg.trainer.max_steps > 0:
        length = f"{cfg.trainer.max_steps:,} iterations of {data.batch_size}"
    else:
        length = f"{1000 * model.schedule.total_kimg:,.0f} images in batches of {model.schedule.batch}"
    world = "".join(f" ({key} {value})" for key, value in data.world.items() if value != default.data.world[key])
    return f"{data.name}{world} at {side} px, {', '.join(words)}, {length}"


_WIDTHS = (*(("generator", key) for key in ("ngf", "n_blocks", "style_dim", "most")), ("discriminator", "ndf"))


def _plain(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def composed(overrides: Sequence[str]) -> DictConfig:
    """The whole configuration of a training.

    Raises:
        UserError: the recipe does not compose.
    """
    composer = Composer("train")
    try:
        return composer.compose(fill(composer, list(overrides)).overrides)
    finally:
        forget()
