"""Where a pixel of the input looks: each self-attention layer's map over a picture."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.styles import Request
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_zoo.layers.attention import SelfAttention
    from gan_zoo.training.module import GANModule


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--attention-at``."""
    parser.add_argument(
        "--attention-at",
        metavar="X,Y",
        help="where this pixel (from the left, from the top) looks, a picture a layer: a_attention-decoder1.png "
        "(SA-MUNIT)",
    )


def requested(model: "GANModule", way: str, args: argparse.Namespace) -> tuple[tuple[int, int] | None, list[Request]]:
    """The pixel, and the files that will show it.

    Raises:
        UserError: no two numbers, or a model without attention.
    """
    if args.attention_at is None:
        return None, []
    read = re.fullmatch(r"(\d+),(\d+)", args.attention_at.replace(" ", ""))
    if read is None:
        raise UserError(f"--attention-at {args.attention_at}: write two whole numbers, X,Y, from the upper left corner")
    found = _layers(model, way)
    if not found:
        raise UserError(
            f"{args.checkpoint} holds a {type(model).__name__} without self-attention: leave out --attention-at"
        )
    return (int(read[1]), int(read[2])), [Request(f"_attention-{name}") for name in found]


def overlays(
    model: Any, images: "Tensor", way: str, arguments: Mapping[str, Any], at: tuple[int, int]
) -> "dict[str, Any]":
    """A Pillow image a layer, by the suffix of its file: over the input, for discriminators over what they judge.

    Raises:
        UserError: the pixel lies outside of the picture.
    """
    import torch

    height, width = images.shape[-2:]
    if not (at[0] < width and at[1] < height):
        raise UserError(f"--attention-at {at[0]},{at[1]} lies outside of a picture of {width}x{height}")
    layers = _layers(model, way)
    with torch.inference_mode(), _watched(layers) as seen:
        fake = model.translate(images, way, **arguments)
        with suppress(UserError):  # too small for a discriminator, which a translation does not need
            model.discriminator[way[1]](fake)
        made = {}
        for name, x in seen.items():
            judged = name.startswith("discriminator")
            base, covered = (fake, (height, width)) if judged else (images, _covered(model.generator[way[0]], images))
            made[f"_attention-{name}"] = _picture(base, layers[name], x, covered, at)
    return made


def _layers(model: Any, way: str) -> "dict[str, SelfAttention]":
    """The layers that a direction goes through, by part and number: encoder1, decoder1, discriminator1 …"""
    from gan_zoo.layers.attention import SelfAttention

    if not any(isinstance(layer, SelfAttention) for layer in model.modules()):
        return {}
    source, target = (model.generator[d] for d in way)
    encoder = source.content_encoder if hasattr(source, "content_encoder") else source.encoder
    parts = {"encoder": encoder, "decoder": target.decoder, "discriminator": model.discriminator[way[1]]}
    return {
        f"{part}{number}": layer
        for part, net in parts.items()
        for number, layer in enumerate((m for m in net.modules() if isinstance(m, SelfAttention)), start=1)
    }


@contextmanager
def _watched(layers: "Mapping[str, SelfAttention]") -> "Iterator[dict[str, Tensor]]":
    """What the layers are given, by name, while the block runs."""
    seen: dict[str, Tensor] = {}
    handles = [
        layer.register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0]}))
        for name, layer in layers.items()
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _covered(generator: Any, images: "Tensor") -> Sequence[int]:
    """The sides that a picture grows to for a generator: what its feature maps cover."""
    sides = images.shape[-2:]
    return [side + max(generator.smallest - side, -side % generator.stride) for side in sides]


def _picture(base: "Tensor", layer: "SelfAttention", x: "Tensor", covered: Sequence[int], at: tuple[int, int]) -> Any:
    import torch.nn.functional as F
    from PIL import Image, ImageDraw

    from gan_zoo.data.transforms import to_uint8
    from gan_zoo.layers.heatmap import overlay

    row, column = (place * size // side for place, size, side in zip(at[::-1], x.shape[-2:], covered, strict=True))
    heat = F.interpolate(layer.weights(x, row, column)[:, None].float(), tuple(covered), mode="bilinear")
    height, width = base.shape[-2:]
    shown = to_uint8(overlay(base, heat[:, 0, :height, :width])[0].cpu())
    picture = Image.fromarray(shown.permute(1, 2, 0).contiguous().numpy())
    radius, pen = max(2, min(picture.size) // 50), ImageDraw.Draw(picture)
    for grow, colour in ((1, "black"), (0, "white")):
        reach = radius + grow
        pen.ellipse((at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach), outline=colour)
    return picture
