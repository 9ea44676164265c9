"""rosinality/style-based-gan-pytorch @ 07fa60be: the layout in which many StyleGANs for PyTorch circulate.

Its networks always have all nine sizes up to 1024 px. Each layer's weight is used times sqrt(2 / fan_in), whatever
follows it. Its state dicts become TensorFlow's variables, and those a model's. What weights cannot say, options of the
networks do: biases before the blur, eps 1e-5, one plane of noise for both layers of a size, a minibatch deviation of
the whole batch, no activation behind the layers that read pictures (``from_rgb_activate``).
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop import growing
from gan_zoo.interop.networks import matched
from gan_zoo.models.stylegan import StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.training.growth import Still
from gan_zoo.training.module import GANModule

OPTIONS = {"code_dim": 512, "n_mlp": 8, "step": 8, "alpha": -1, "from_rgb_activate": True}
_RUN = ("alphas", "resolution")  # of a case
LABELS = {"generator": "G", "discriminator": "D", "g_running": "Gs"}
SIZES = 9  # of all networks: 4 to 1024 px
FUSED = 5  # the first block whose doubling layer is a transposed convolution (128 px)
ROOT = 2**0.5


class Entry(NamedTuple):
    """The port's key, TensorFlow's variable, and how a tensor is turned there and back."""

    theirs: str
    variable: str
    there: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor]


def _scaled(theirs: str, variable: str, factor: float) -> Entry:
    return Entry(theirs, variable, lambda x: x * factor, lambda x: x / factor)


def _conv(theirs: str, variable: str, factor: float = 1.0, suffix: str = "weight_orig") -> Iterator[Entry]:
    yield Entry(
        f"{theirs}.{suffix}",
        f"{variable}/weight",
        lambda x: x.permute(2, 3, 1, 0) * factor,
        lambda x: x.permute(3, 2, 0, 1) / factor,
    )
    yield _scaled(f"{theirs}.bias", f"{variable}/bias", 1.0)


def _dense(theirs: str, variable: str, factor: float, bias: float = 1.0) -> Iterator[Entry]:
    yield Entry(f"{theirs}.weight_orig", f"{variable}/weight", lambda x: x.T * factor, lambda x: x.T / factor)
    yield _scaled(f"{theirs}.bias", f"{variable}/bias", bias)


def _shifted(x: Tensor, by: float) -> Tensor:
    scale, shift = x.chunk(2)
    return torch.cat([scale + by, shift])


def _end(block: str, number: int, variable: str) -> Iterator[Entry]:
    """Noise and style behind one of a block's two layers."""
    yield Entry(
        f"{block}.noise{number}.weight_orig",
        f"{variable}/Noise/weight",
        lambda x: x.flatten() * (2 / x.numel()) ** 0.5,
        lambda x: (x / (2 / x.numel()) ** 0.5)[None, :, None, None],
    )
    weight, bias = _dense(f"{block}.adain{number}.style.linear", f"{variable}/StyleMod", ROOT)
    yield weight
    yield bias._replace(there=lambda x: _shifted(x, -1.0), back=lambda x: _shifted(x, 1.0))


def generator_entries(layers: int) -> Iterator[Entry]:
    """All of a generator with so many layers of mapping."""
    for b in range(SIZES):
        block, size = f"generator.progression.{b}", f"G_synthesis/{2 ** (b + 2)}x{2 ** (b + 2)}"
        first, second = (f"{size}/Conv0_up", f"{size}/Conv1") if b else (f"{size}/Const", f"{size}/Conv")
        if b == 0:
            yield _scaled(f"{block}.conv1.input", f"{first}/const", 1.0)
        elif b < FUSED:
            yield from _conv(f"{block}.conv1.1.conv", first)
        else:  # (in, out, 3, 3), four shifted copies of which are averaged, not added
            weight, bias = _conv(f"{block}.conv1.0", first, suffix="weight")
            yield weight._replace(there=lambda x: x.permute(2, 3, 0, 1) / 4, back=lambda x: x.permute(2, 3, 0, 1) * 4)
            yield bias
        yield from _end(block, 1, first)
        yield from _conv(f"{block}.conv2.conv", second)
        yield from _end(block, 2, second)
        yield from _conv(f"generator.to_rgb.{b}.conv", f"G_synthesis/ToRGB_lod{SIZES - 1 - b}", ROOT)
    for i in range(layers):
        yield from _dense(f"style.{2 * i + 1}.linear", f"G_mapping/Dense{i}", 100.0, 100.0)


def discriminator_entries(active: bool) -> Iterator[Entry]:
    """All of a discriminator; ``active``: an activation follows the layers that read pictures."""
    for k in range(SIZES):
        size = f"{2 ** (10 - k)}x{2 ** (10 - k)}"
        yield from _conv(f"from_rgb.{k}{'.0' if active else ''}.conv", f"FromRGB_lod{k}")
        last = k == SIZES - 1
        yield from _conv(f"progression.{k}.conv1.0.conv", f"{size}/{'Conv' if last else 'Conv0'}")
        if last:
            weight, bias = _conv(f"progression.{k}.conv2.0.conv", f"{size}/Dense0")
            yield weight._replace(
                there=lambda x: x.flatten(1).T,
                back=lambda x: x.T.unflatten(1, (-1, 4, 4)),  # type: ignore[no-untyped-call]
            )
            yield bias
        elif k < SIZES - FUSED:
            yield from _conv(f"progression.{k}.conv2.1", f"{size}/Conv1_down", suffix="weight")
        else:
            yield from _conv(f"progression.{k}.conv2.1.conv", f"{size}/Conv1_down")
    yield from _dense("linear.linear", "4x4/Dense1", ROOT)


def speaks(options: Mapping[str, Any], weights: Mapping[str, Any]) -> bool:
    """Whether these options or networks are the port's."""
    return bool(set(weights) & set(LABELS) or set(options) & set(OPTIONS))


def holds(model: GANModule) -> bool:
    """Whether a model is one of the port's."""
    return isinstance(model, StyleGAN) and bool(model.generator.synthesis.one_noise)


def from_reference(name: str, options: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]]) -> GANModule:
    """See ``gan_zoo.interop.from_reference``: networks generator, discriminator, g_running."""
    for option in options:
        if option not in OPTIONS and option not in _RUN:
            raise UserError(f"the port of {name} has no option {option!r}{nearest(option, OPTIONS)}")
    o = OPTIONS | {key: value for key, value in options.items() if key in OPTIONS}
    model = _build(o)
    networks = reference_networks(model)
    for label, net, given in matched(name, networks, weights):
        growing.load(net, _variables(net, given, o, label), label)
    for one, other in (("g_running", "generator"), ("generator", "g_running")):
        if one in weights and other not in weights:
            networks[other].load_state_dict(networks[one].state_dict())
    return model


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """See ``gan_zoo.interop.reference_networks``."""
    ours = growing.reference_networks(model)
    return {label: ours[net] for label, net in LABELS.items()}


def _build(o: Mapping[str, Any]) -> StyleGAN:
    dims = dict.fromkeys(("latent_dim", "style_dim", "hidden"), o["code_dim"])
    own: dict[str, Any] = {"eps": 1e-5, "bias_before_blur": True, "one_noise": True}
    faded = 1.0 - o["alpha"] if 0 <= o["alpha"] < 1 else 0.0
    return StyleGAN(
        generator=partial(stylegan.Generator, mapping_layers=o["n_mlp"], **dims, **own),
        discriminator=partial(
            progan.Discriminator, blurred=True, group=sys.maxsize, widen_first=True, rgb_active=o["from_rgb_activate"]
        ),
        ema_decay=0.999,
        schedule=Still(SIZES - 1 - o["step"] + faded),
    )


def _entries(net: Any, o: Mapping[str, Any]) -> list[Entry]:
    if isinstance(net, progan.Discriminator):
        return list(discriminator_entries(o["from_rgb_activate"]))
    return list(generator_entries(len(net.mapping.layers)))


def _variables(net: Any, given: Mapping[str, Any], o: Mapping[str, Any], label: str) -> dict[str, Tensor]:
    """TensorFlow's variables of a state dict; what the port has no numbers for stays, or is nought."""
    entries = _entries(net, o)
    blurs = {key.removesuffix("_flip") for key in given if key.endswith("weight_flip")}
    found = {key for key in given if not key.endswith("weight_flip") and key not in blurs}
    if wrong := sorted(found.symmetric_difference(entry.theirs for entry in entries)):
        side = "have besides" if wrong[0] in found else "lack"
        raise UserError(
            f"the weights of {label} do not fit these options: they {side} {wrong[0]} and {len(wrong) - 1} more; "
            "check n_mlp and from_rgb_activate"
        )
    made = {entry.variable: entry.there(torch.as_tensor(given[entry.theirs])) for entry in entries}
    kept = growing.save(net)
    if "G_synthesis/4x4/Const/bias" in kept:
        made["G_synthesis/4x4/Const/bias"] = torch.zeros_like(kept["G_synthesis/4x4/Const/bias"])
    return kept | made


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """See ``gan_zoo.interop.to_reference``; the buffers of the blurs are among them."""
    active = model.discriminator.rgb_act is progan.leaky  # type: ignore[union-attr]
    found = {}
    for label, module in reference_networks(model).items():
        state = growing.save(module)
        entries = _entries(module, {"from_rgb_activate": active})
        found[label] = {entry.theirs: entry.back(state[entry.variable]).contiguous() for entry in entries}
        found[label] |= dict(_blurs(found[label], generator=label != "discriminator"))
    return found


def _blurs(state: Mapping[str, Tensor], generator: bool) -> Iterator[tuple[str, Tensor]]:
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    for b in range(1, SIZES) if generator else range(SIZES - 1):
        if generator:
            place, like = (
                f"generator.progression.{b}.conv1.{2 if b < FUSED else 1}",
                f"generator.progression.{b}.conv2.conv",
            )
            channels = len(state[f"{like}.bias"])
        else:
            place, channels = f"progression.{b}.conv2.0", len(state[f"progression.{b}.conv1.0.conv.bias"])
        kernel = (row[:, None] * row).repeat(channels, 1, 1, 1)
        yield f"{place}.weight", kernel
        yield f"{place}.weight_flip", kernel.flip(2, 3)


def read(path: Path) -> dict[str, dict[str, Tensor]]:
    """The networks of a file: of a whole run, or the running mean alone.

    Raises:
        UserError: missing, truncated, pickled code, or something else.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickled code, a truncated or strange file
        raise UserError(f"{path} is no file of weights: {str(error).splitlines()[0]}") from error
    if isinstance(content, dict) and any(str(key).startswith("generator.progression") for key in content):
        return {"g_running": content}
    networks = {label: content[label] for label in LABELS if isinstance(content, dict) and label in content}
    if not networks:
        raise UserError(f"{path} holds none of {', '.join(LABELS)}, as files of this layout do")
    return networks


def step_of(path: Path) -> int:
    """How far the networks of a file have grown (4 px is 0), as its name says.

    Raises:
        UserError: it does not say.
    """
    if found := re.search(r"train_step-(\d+)", path.name):
        return int(found[1])
    if (found := re.search(r"(?<!\d)(\d+)px", path.name)) and int(found[1]).bit_count() == 1:
        return int(found[1]).bit_length() - 3
    raise UserError(f"{path} does not say how far its networks have grown: add --option step=6 for 256 px, 8 for 1024")
