"""tkarras/progressive_growing_of_gans @ 2504c3f and NVlabs/stylegan @ 1e0d5c7: their options and variables.

Both ran on TensorFlow: kernels are (h, w, in, out), dense weights (in, out). What doubles the size by a transposed
convolution has a kernel that works mirrored, in other orders of its axes for the two code bases.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop.networks import matched
from gan_zoo.models.progan import ProGAN
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.training.growth import Still
from gan_zoo.training.module import GANModule
from gan_zoo.training.optimizers import TensorFlowAdam

Turn = Callable[[Tensor], Tensor]
# The size from which StyleGAN's doubling convolutions are transposed ones.
FUSED: dict[Any, int] = {"auto": 128, True: 8, False: 2**30}


class Pair(NamedTuple):
    """Our key, their variable, and how a tensor is turned from theirs to ours and back."""

    ours: str
    theirs: str
    there: Turn
    back: Turn


def _same(x: Tensor) -> Tensor:
    return x


def _transposed(x: Tensor) -> Tensor:
    return x.T


def _kernel(x: Tensor) -> Tensor:
    return x.permute(3, 2, 0, 1)


def _kernel_back(x: Tensor) -> Tensor:
    return x.permute(2, 3, 1, 0)


def _mirrored(x: Tensor) -> Tensor:
    return x.permute(3, 2, 0, 1).flip(2, 3)


def _mirrored_back(x: Tensor) -> Tensor:
    return x.flip(2, 3).permute(2, 3, 1, 0)


def _swapped(x: Tensor) -> Tensor:
    return x.permute(2, 3, 0, 1).flip(2, 3)


def _swapped_back(x: Tensor) -> Tensor:
    return x.flip(2, 3).permute(2, 3, 0, 1)


TURNS: dict[str, tuple[Turn, Turn]] = {
    "same": (_same, _same),
    "dense": (_transposed, _transposed),
    "kernel": (_kernel, _kernel_back),
    "mirrored": (_mirrored, _mirrored_back),
    "swapped": (_swapped, _swapped_back),
}


def _layer(ours: str, theirs: str, turn: str, bias: str | None = "bias") -> Iterator[Pair]:
    yield Pair(f"{ours}.weight", f"{theirs}/weight", *TURNS[turn])
    if bias is not None:
        yield Pair(f"{ours}.{bias}", f"{theirs}/bias", *TURNS["same"])


def generator_pairs(net: progan.Generator) -> Iterator[Pair]:
    """Every variable of ProGAN's generator, coarse to fine."""
    yield Pair("dense.weight", "4x4/Dense/weight", *TURNS["dense"])
    yield Pair("dense_bias", "4x4/Dense/bias", *TURNS["same"])
    yield from _layer("first", "4x4/Conv", "kernel")
    for k in range(2, net.top + 1):
        if k > 2:
            size, fused = f"{2**k}x{2**k}", net.fused
            first, turn = ("Conv0_up", "swapped") if fused else ("Conv0", "kernel")
            yield from _layer(f"blocks.{k - 3}.0", f"{size}/{first}", turn)
            yield from _layer(f"blocks.{k - 3}.1", f"{size}/Conv1", "kernel")
        yield from _layer(f"to_rgb.{k - 2}", f"ToRGB_lod{net.top - k}", "kernel")


def discriminator_pairs(net: progan.Discriminator) -> Iterator[Pair]:
    """Every variable of either discriminator, fine to coarse."""
    second = "Conv1" if net.mean_last else "Conv1_down"
    for k in range(net.top, 1, -1):
        yield from _layer(f"from_rgb.{k - 2}", f"FromRGB_lod{net.top - k}", "kernel")
        if k > 2:
            yield from _layer(f"blocks.{k - 3}.0", f"{2**k}x{2**k}/Conv0", "kernel")
            yield from _layer(f"blocks.{k - 3}.1", f"{2**k}x{2**k}/{second}", "kernel")
    yield from _layer("last", "4x4/Conv", "kernel")
    yield from _layer("dense", "4x4/Dense0", "dense")
    yield from _layer("score", "4x4/Dense1", "dense")


def style_pairs(net: stylegan.Generator) -> Iterator[Pair]:
    """Every variable of StyleGAN's generator: the mean of w, noise, synthesis, mapping."""
    synthesis, top = net.synthesis, net.synthesis.top
    yield Pair("mean_w", "dlatent_avg", *TURNS["same"])
    for i, plane in enumerate(synthesis.stored_noise()):
        if plane is not None:
            yield Pair(f"synthesis.noise{i}", f"G_synthesis/noise{i}", *TURNS["same"])
    if synthesis.constant is not None:
        yield Pair("synthesis.constant", "G_synthesis/4x4/Const/const", *TURNS["same"])
        yield from _epilogue(synthesis, 0, "4x4/Const")
    else:
        yield Pair("synthesis.dense.weight", "G_synthesis/4x4/Dense/weight", *TURNS["dense"])
        yield from _epilogue(synthesis, 0, "4x4/Dense")
    yield from _convolution(synthesis, 1, "4x4/Conv", "kernel")
    for k in range(2, top + 1):
        if k > 2:
            size = f"{2**k}x{2**k}"
            turn = "mirrored" if 2**k >= synthesis.fused_from else "kernel"
            yield from _convolution(synthesis, 2 * k - 4, f"{size}/Conv0_up", turn)
            yield from _convolution(synthesis, 2 * k - 3, f"{size}/Conv1", "kernel")
        yield from _layer(f"synthesis.to_rgb.{k - 2}", f"G_synthesis/ToRGB_lod{top - k}", "kernel")
    if net.mapping.label_vectors is not None:
        yield Pair("mapping.label_vectors", "G_mapping/LabelConcat/weight", *TURNS["same"])
    for i in range(len(net.mapping.layers)):
        yield from _layer(f"mapping.layers.{i}", f"G_mapping/Dense{i}", "dense")


def _convolution(synthesis: Any, layer: int, scope: str, turn: str) -> Iterator[Pair]:
    yield from _layer(f"synthesis.convs.{layer - 1}", f"G_synthesis/{scope}", turn, bias=None)
    yield from _epilogue(synthesis, layer, scope)


def _epilogue(synthesis: Any, layer: int, scope: str) -> Iterator[Pair]:
    epilogue, ours, theirs = synthesis.epilogues[layer], f"synthesis.epilogues.{layer}", f"G_synthesis/{scope}"
    if epilogue.noise_weight is not None:
        yield Pair(f"{ours}.noise_weight", f"{theirs}/Noise/weight", *TURNS["same"])
    yield Pair(f"{ours}.bias", f"{theirs}/bias", *TURNS["same"])
    if epilogue.style is not None:
        yield from _layer(f"{ours}.style", f"{theirs}/StyleMod", "dense")


def pairs(net: nn.Module) -> list[Pair]:
    """Every variable of a network, in the reference's order.

    Raises:
        UserError: it is none of theirs.
    """
    kinds: dict[type, Callable[[Any], Iterator[Pair]]] = {
        progan.Generator: generator_pairs,
        progan.Discriminator: discriminator_pairs,
        stylegan.Generator: style_pairs,
    }
    if type(net) not in kinds:
        raise UserError(f"{type(net).__name__} is not a network of the references of ProGAN and StyleGAN")
    return list(kinds[type(net)](net))


# Options of the networks by the references' names, and what they are called here.
_WIDTHS = {"fmap_base": "base", "fmap_max": "most", "fmap_decay": "decay"}
_DEVIATION = {"mbstd_group_size": "group", "mbstd_num_features": "features"}
_NETWORK = ("num_channels", "resolution", "label_size", "fused_scale", "use_leakyrelu", *_WIDTHS, *_DEVIATION)
_STYLE = {
    **{"latent_size": "latent_dim", "dlatent_size": "style_dim", "mapping_fmaps": "hidden"},
    **{"mapping_layers": "mapping_layers", "const_input_layer": "constant", "use_styles": "styles"},
    **{"use_noise": "noise", "use_pixel_norm": "pixel", "use_instance_norm": "instance"},
    **{"mapping_lrmul": "rate"},
}
_TRAINING: dict[str, Any] = {
    **{"learning_rate": 0.001, "ema_beta": None, "lod": 0.0, "adam": {}, "loss_options": {}, "style_mixing_prob": 0.9},
    **{"dlatent_avg_beta": 0.995},
}
_LOSS = {"wgan_lambda": "lambda_gp", "wgan_epsilon": "drift", "wgan_target": "target", "cond_weight": "lambda_class"}
# What makes no difference to a model: of a case, of a run, or a name of what is anyway so.
_RUN = frozenset(
    (
        *("lods", "batches", "batch", "runs", "structure", "truncation_psi", "truncation_cutoff", "ema_beta_note"),
        *("layers_in_use", "space", "sampling", "epsilon", "samples", "crop"),
    )
)


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``: networks G, D and, of trained models, Gs, by TensorFlow's variables.

    Options of both networks stand under ``G`` and ``D``, or of one of them alone without that.
    """
    model = _build(name, options)
    networks = reference_networks(model)
    for label, net, given in matched(name, networks, weights):
        load(net, given, label)
    if "G" in weights and "Gs" not in weights:
        load(networks["Gs"], weights["G"], "G")
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    return {"G": model.generator, "D": model.discriminator, "Gs": model.average}  # type: ignore[dict-item]


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``."""
    return {name: save(net) for name, net in reference_networks(model).items()}


def load(net: nn.Module, given: Mapping[str, Any], label: str) -> None:
    """Fill a network from TensorFlow's variables; ``lod`` is left out, and what only a part of a network lacks stays.

    Raises:
        UserError: variables are left over, of another shape, or whole parts are missing; nothing has changed then.
    """
    known = {pair.theirs: pair for pair in pairs(net)}
    given = {key: value for key, value in given.items() if key.rpartition("/")[2] != "lod"}
    parts = {key.partition("/")[0] for key in given if key.startswith("G_")}
    wanted = {key for key in known if not parts or key.partition("/")[0] in parts or key in given}
    if wrong := sorted(wanted.symmetric_difference(given)):
        side = "lack" if wrong[0] in wanted else "have besides"
        raise UserError(
            f"the weights of {label} do not fit these options: they {side} {wrong[0]} and {len(wrong) - 1} more; "
            "check resolution, fmap_base, fmap_max, label_size"
        )
    state = net.state_dict()
    for key in sorted(wanted):
        value = torch.as_tensor(np.asarray(given[key]))
        turned = known[key].there(value)
        if turned.shape != state[known[key].ours].shape:
            raise UserError(
                f"{key} of {label} has the shape {tuple(value.shape)}: check fmap_base, fmap_max, resolution"
            )
        state[known[key].ours] = turned
    net.load_state_dict(state)


def save(net: nn.Module) -> dict[str, Tensor]:
    """TensorFlow's variables of a network."""
    state = net.state_dict()
    return {pair.theirs: pair.back(state[pair.ours].detach()) for pair in pairs(net)}


def _build(name: str, options: Mapping[str, Any]) -> GANModule:
    shared = {key: value for key, value in options.items() if key not in ("G", "D")}
    g, d = {**shared, **options.get("G", {})}, {**shared, **options.get("D", {})}
    _check(name, {**g, **d})
    o = _TRAINING | shared
    both = {
        "resolution": g.get("resolution", 1024),
        "channels": g.get("num_channels", 3),
        "optimizer": partial(
            TensorFlowAdam,
            lr=o["learning_rate"],
            betas=(o["adam"].get("beta1", 0.0), o["adam"].get("beta2", 0.99)),
            eps=o["adam"].get("epsilon", 1e-8),
        ),
        "schedule": Still(o["lod"]),
    }
    if name == "progan":
        return _progan(g, d, o, both)
    return _stylegan(g, d, o, both)


def _progan(g: Mapping[str, Any], d: Mapping[str, Any], o: Mapping[str, Any], both: dict[str, Any]) -> GANModule:
    fused = g.get("fused_scale", True)
    latents = {"latent_dim": g["latent_size"]} if "latent_size" in g else {}
    slope = 0.2 if g.get("use_leakyrelu", True) else 0.0
    return ProGAN(
        generator=partial(progan.Generator, fused=fused, slope=slope, **latents, **_widths(g)),
        discriminator=partial(progan.Discriminator, mean_last=not d.get("fused_scale", True), **_judge(d)),
        labels=g.get("label_size", 0),
        ema_decay=o["ema_beta"] or 0.999,
        **{_LOSS[key]: value for key, value in o["loss_options"].items()},
        **both,
    )


def _stylegan(g: Mapping[str, Any], d: Mapping[str, Any], o: Mapping[str, Any], both: dict[str, Any]) -> GANModule:
    style = {_STYLE[key]: value for key, value in g.items() if key in _STYLE}
    style["fused_from"] = FUSED[g.get("fused_scale", "auto")]
    beta = {"ema_decay": o["ema_beta"]} if o["ema_beta"] else {}
    return StyleGAN(
        generator=partial(stylegan.Generator, labels=g.get("label_size", 0), **style, **_widths(g)),
        discriminator=partial(progan.Discriminator, blurred=True, outputs=max(1, d.get("label_size", 0)), **_judge(d)),
        gamma=o["loss_options"].get("r1_gamma", 10.0),
        mixing=o["style_mixing_prob"],
        mean_decay=o["dlatent_avg_beta"],
        **beta,
        **both,
    )


def _widths(options: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: options[theirs] for theirs, ours in _WIDTHS.items() if theirs in options}


def _judge(options: Mapping[str, Any]) -> dict[str, Any]:
    deviation = {ours: options[theirs] for theirs, ours in _DEVIATION.items() if theirs in options}
    return _widths(options) | deviation


def _check(name: str, options: Mapping[str, Any]) -> None:
    known = {*_NETWORK, *_STYLE, *_TRAINING, "latent_size"}
    for option in options:
        if option not in known and option not in _RUN:
            raise UserError(f"the reference of {name} has no option {option!r}{nearest(option, known)}")
