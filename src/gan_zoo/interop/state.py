"""State dicts of other programs put into our networks, whole or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.adain import AdaIN

Paths = Sequence[tuple[str, str]]  # (our module, their module) of every layer, in their order
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def load(net: nn.Module, paths: Paths, weights: Mapping[str, Any], name: str) -> None:
    """Fill ``net`` from ``weights`` in their keys.

    Accepted beyond an exact fit, as in old or wrapped files: a ``module.`` prefix on every key, statistics of instance
    norms, adaptive or not (dropped: the image's own are used), batch norms without ``num_batches_tracked``.

    Raises:
        UserError: keys are missing, left over, or of another shape; nothing has been changed then.
    """
    given = {_plain(key, weights): value for key, value in weights.items() if key != "_metadata"}
    ours = net.state_dict()
    legacy = {f"{theirs}.{s}" for our, theirs in paths if _is_untracked(net.get_submodule(our)) for s in _STATISTICS}
    given = {key: value for key, value in given.items() if key not in legacy}
    keys = dict(key_pairs(net, paths))
    counters = {their for their in keys.values() if their.endswith("num_batches_tracked")}
    missing, extra = set(keys.values()) - set(given) - counters, set(given) - set(keys.values())
    if missing or extra:
        sides = (("lack", missing), ("have besides", extra))
        told = [f"{word} {len(found)} (first: {min(found)})" for word, found in sides if found]
        raise UserError(
            f"the weights of {name} do not fit these options: they {' and '.join(told)}; "
            "check netG, norm, dropout, n_layers_D"
        )
    state = {our: _tensor(given[their]) if their in given else ours[our] for our, their in keys.items()}
    for our, value in state.items():
        if value.shape != ours[our].shape:
            raise UserError(
                f"{keys[our]} of {name} has the shape {tuple(value.shape)} where these options make "
                f"{tuple(ours[our].shape)}: check ngf, ndf, input_nc, output_nc"
            )
    net.load_state_dict(state)


def save(net: nn.Module, paths: Paths) -> dict[str, Tensor]:
    """The state dict of ``net`` under their keys, in their order."""
    state: dict[str, Tensor] = {}
    for our, theirs in paths:
        layer = net.get_submodule(our)
        state |= {f"{theirs}.{key}": value for key, value in _constants(layer).items()}
        state |= {f"{theirs}.{key}": value.detach() for key, value in layer.state_dict().items()}
    return state


def key_pairs(net: nn.Module, paths: Paths) -> list[tuple[str, str]]:
    """(our key, their key) of every parameter and buffer."""
    return [(f"{our}.{key}", f"{theirs}.{key}") for our, theirs in paths for key in net.get_submodule(our).state_dict()]


def _is_untracked(layer: nn.Module) -> bool:
    return isinstance(layer, AdaIN) or (isinstance(layer, nn.InstanceNorm2d) and not layer.track_running_stats)


def _constants(layer: nn.Module) -> dict[str, Tensor]:
    """What a reference stores beside a layer's own state, always the same: its AdaIN has statistics that never move."""
    if not isinstance(layer, AdaIN):
        return {}
    return {"running_mean": torch.zeros(layer.channels), "running_var": torch.ones(layer.channels)}


def _plain(key: str, weights: Mapping[str, Any]) -> str:
    wrapped = all(other.startswith("module.") for other in weights if other != "_metadata")
    return key.removeprefix("module.") if wrapped else key


def _tensor(value: Any) -> Tensor:
    return value.detach() if isinstance(value, Tensor) else torch.from_numpy(np.array(value))
