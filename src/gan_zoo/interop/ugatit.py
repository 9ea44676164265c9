"""znxlwm/UGATIT-pytorch @ b8c42518: its options, its networks' keys, its checkpoints.

A file is one dict of six state dicts without options: light or full, and the size, are read from the weights' shapes.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from math import isqrt
from typing import Any

from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop import state
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.models.ugatit import UGATIT
from gan_zoo.networks.ugatit import Discriminator, Generator
from gan_zoo.training.module import GANModule
from gan_zoo.training.schedules import Constant, LinearSecondHalf

_DEFAULTS: dict[str, Any] = {
    **{"light": False, "ch": 64, "n_res": 4, "img_size": 256, "iteration": 1_000_000, "decay_flag": True},
    **{"lr": 1e-4, "betas": (0.5, 0.999), "adam_eps": 1e-8, "weight_decay": 1e-4},
    **{"adv_weight": 1, "cycle_weight": 10, "identity_weight": 10, "cam_weight": 1000},
    **{"disc_global_n_layers": 7, "disc_local_n_layers": 5},
}
# What the constructors of single networks call their options.
_NETWORK = {"ngf": "ch", "ndf": "ch", "n_blocks": "n_res", "n_layers": "disc_global_n_layers"}
# Options of a run, or without effect.
_RUN = frozenset(
    (
        *("phase", "dataset", "batch_size", "print_freq", "save_freq", "n_dis", "img_ch", "result_dir", "device"),
        *("benchmark_flag", "resume", "input_nc", "output_nc", "num_features", "eps"),
    )
)
# The reference's networks, and where they are in ours.
_PLACES = {
    **{"genA2B": ("generator", "ab"), "genB2A": ("generator", "ba")},
    **{"disGA": ("discriminator", "a", "global"), "disGB": ("discriminator", "b", "global")},
    **{"disLA": ("discriminator", "a", "local"), "disLB": ("discriminator", "b", "local")},
}


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``. ``params`` among the weights may be a whole checkpoint, nested."""
    weights = _flat(weights)
    single = _single(weights)
    model = _build(_checked(name, _read_off(weights) | dict(options)) | _head(weights))
    if single:
        rename(model, dict.fromkeys(weights, single))
    for label, net, given in matched(name, reference_networks(model), weights):
        state.load(net, layer_paths(net), given, label)
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    networks = {name: model.get_submodule(".".join(place)) for name, place in _PLACES.items()}
    return named(model, networks)


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    return {name: state.save(net, layer_paths(net)) for name, net in reference_networks(model).items()}


def layer_paths(net: nn.Module) -> state.Paths:
    """(our path, the reference's path) of every layer that has a state, in the reference's order."""
    if isinstance(net, Discriminator):
        trunk = [(f"trunk.{i}", f"model.{i}") for i in range(1, len(net.trunk), 3)]
        return [*_attention(net), ("conv", "conv"), *trunk]
    if isinstance(net, Generator):
        blocks = [
            (f"blocks.{i}.{part}", f"UpBlock1_{i + 1}.{part}")
            for i in range(len(net.blocks))
            for part in ("conv1", "norm1", "conv2", "norm2")
        ]
        style = [("style.0", "FC.0"), ("style.2", "FC.2")]
        heads = [("gamma", "gamma"), ("beta", "beta")]
        return [*_attention(net), *heads, *blocks, *_encoder(net), *style, *_decoder(net)]
    raise UserError(f"{type(net).__name__} is not a network of the reference of U-GAT-IT")


def _attention(net: Any) -> list[tuple[str, str]]:
    return [(f"cam.{part}", part) for part in ("gap_fc", "gmp_fc", "conv1x1")] if net.cam is not None else []


def _encoder(net: Any) -> Iterator[tuple[str, str]]:
    for i in range(3):
        yield f"encoder.{i}.1", f"DownBlock.{4 * i + 1}"
    for i in range(len(net.encoder) - 3):
        for part in (1, 5):
            yield f"encoder.{i + 3}.body.{part}", f"DownBlock.{i + 12}.conv_block.{part}"


def _decoder(net: Any) -> Iterator[tuple[str, str]]:
    for i in range(2):
        yield f"decoder.{i}.2", f"UpBlock2.{5 * i + 2}"
        yield f"decoder.{i}.3", f"UpBlock2.{5 * i + 3}"
    yield "decoder.2.1", "UpBlock2.11"


def _flat(weights: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """A whole checkpoint under one name, undone."""
    flat: dict[str, Mapping[str, Any]] = {}
    for label, given in weights.items():
        nested = bool(given) and all(isinstance(value, Mapping) for value in given.values())
        flat |= given if nested else {label: given}
    return flat


def _single(weights: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Which of the reference's networks comes alone under a name of its own, by its keys."""
    if len(weights) != 1 or set(weights) <= set(_PLACES):
        return None
    (given,) = weights.values()
    return "genA2B" if any(key.removeprefix("module.").startswith("UpBlock") for key in given) else "disGA"


def _checked(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    for option in options:
        if option not in _DEFAULTS and option not in _RUN and option not in _NETWORK:
            raise UserError(f"the reference of {name} has no option {option!r}{nearest(option, _DEFAULTS)}")
    return _DEFAULTS | {_NETWORK.get(option, option): value for option, value in options.items()}


def _read_off(weights: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a generator's shapes say of the options; what is typed goes before."""
    for given in weights.values():
        plain = {key.removeprefix("module."): value for key, value in given.items()}
        if (entry := plain.get("FC.0.weight")) is None:
            continue
        width, numbers = entry.shape
        blocks = {key.partition(".")[0] for key in plain if key.startswith("UpBlock1_")}
        found = {"ch": width // 4, "n_res": len(blocks)}
        return found if numbers == width else found | {"img_size": 4 * isqrt(numbers // width)}
    return {}


def _head(weights: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """Light or full by the style head's first layer, whatever the options say of it."""
    entries = (given.get("FC.0.weight", given.get("module.FC.0.weight")) for given in weights.values())
    return next(({"light": entry.shape[0] == entry.shape[1]} for entry in entries if entry is not None), {})


def _build(o: dict[str, Any]) -> GANModule:
    return UGATIT(
        generator=partial(Generator, ngf=o["ch"], n_blocks=o["n_res"], light=o["light"], size=o["img_size"]),
        discriminator=partial(Discriminator, ndf=o["ch"]),
        scopes={scope: o[f"disc_{scope}_n_layers"] for scope in ("global", "local")},
        lambda_adv=o["adv_weight"],
        lambda_cycle=o["cycle_weight"],
        lambda_idt=o["identity_weight"],
        lambda_cam=o["cam_weight"],
        optimizer=partial(Adam, lr=o["lr"], betas=tuple(o["betas"]), eps=o["adam_eps"], weight_decay=o["weight_decay"]),
        schedule=LinearSecondHalf(o["iteration"]) if o["decay_flag"] else Constant(),
    )
