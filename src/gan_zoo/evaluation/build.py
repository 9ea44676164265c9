"""Measures from configurations: judges that are described alike are one, so that each network runs once a picture."""

import json
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.evaluation.judges import Network, Own
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.protocol import Measure

TARGET = "_target_"


def build(config: Mapping[str, Any] | DictConfig | None) -> dict[str, Measure]:
    """The group ``metrics``: measures by name.

    Raises:
        UserError: an entry makes something else, or its options do not fit.
    """
    plain: Any = OmegaConf.to_container(config, resolve=True) if isinstance(config, DictConfig) else config
    judges: dict[str, Any] = {}
    return {name: _measure(name, dict(one), judges) for name, one in (plain or {}).items() if one}


def settings(config: Mapping[str, Any] | DictConfig | None) -> Settings:
    """The group ``evaluation``.

    Raises:
        UserError: an option that it does not have.
    """
    try:
        return Settings(**{str(name): value for name, value in (config or {}).items()})
    except TypeError as error:
        raise UserError(f"evaluation: {error}") from error


def _measure(name: str, config: dict[str, Any], judges: dict[str, Any]) -> Measure:
    from hydra.utils import instantiate

    given = {}
    if "judge" in config:
        described = config.pop("judge")
        given["judge"] = _judge(name, dict(described), judges) if described else None
    made = instantiate(config, **given)
    if not isinstance(made, Measure):
        raise UserError(f"metrics.{name} makes a {type(made).__name__}, which is no measure of gan_zoo.metrics")
    return made


def _judge(name: str, described: dict[str, Any], judges: dict[str, Any]) -> Any:
    from hydra.utils import instantiate

    key = json.dumps(described, sort_keys=True, default=str)
    if key not in judges:
        own = {option: described.pop(option, None) for option in ("name", "weights")}
        ours = described[TARGET].startswith("gan_zoo.evaluation.")
        made = instantiate({**described, **{k: v for k, v in own.items() if v is not None and ours}})
        judges[key] = Own(made, **own) if isinstance(made, nn.Module) else made
        if not isinstance(judges[key], Network | None):
            raise UserError(f"metrics.{name}.judge makes a {type(made).__name__}: name a torch.nn.Module")
    return judges[key]
