"""Where a generator looked in each input, by its class activation map."""

import argparse
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.styles import Request
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_zoo.training.module import GANModule


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--attention``."""
    parser.add_argument(
        "--attention",
        action="store_true",
        help="also where the generator looked in the input: a_attention.png (U-GAT-IT)",
    )


def check(model: "GANModule", args: argparse.Namespace) -> None:
    """Raise ``UserError`` where it is asked of a model whose generators do not say it."""
    networks = model.generator.values() if hasattr(model, "attended") else ()  # type: ignore[operator]
    if args.attention and not any(getattr(network, "cam", None) is not None for network in networks):
        raise UserError(
            f"{args.checkpoint} holds a {type(model).__name__} whose generator has no attention to show: "
            "leave out --attention"
        )


def requested(args: argparse.Namespace) -> list[Request]:
    """The file of each input that will show it."""
    return [Request("_attention")] if args.attention else []


def picture(model: Any, images: "Tensor", way: str) -> Any:
    """The input (1, C, H, W) under colours from blue (least) to red: a Pillow image, RGB."""
    import torch
    from PIL import Image

    from gan_zoo.data.transforms import to_uint8
    from gan_zoo.layers.heatmap import overlay

    with torch.inference_mode():
        _, heat = model.attended(images, way)
        shown = to_uint8(overlay(images, heat)[0].cpu())
    return Image.fromarray(shown.permute(1, 2, 0).contiguous().numpy())
