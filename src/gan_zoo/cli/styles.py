"""Several outputs for one input: random styles, styles of pictures, and the way from one to another."""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_zoo.data.views import View
    from gan_zoo.training.module import GANModule


@dataclass(frozen=True)
class Request:
    """One output for each input.

    ``suffix`` joins the name of its file. ``arguments`` are what ``translate`` gets beside the picture: of several, the
    outputs are set side by side, or follow each other in time where it is ``animated``. ``shown`` is the picture whose
    style it is.
    """

    suffix: str = ""
    arguments: tuple[Mapping[str, Any], ...] = ({},)
    animated: bool = False
    shown: Path | None = None

    def target(self, path: Path) -> Path:
        """The file of this output, where ``path`` is the input's plain one."""
        path = path.with_stem(path.stem + self.suffix)
        return path.with_suffix(".gif") if self.animated else path


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a command line can ask of a model with styles."""
    group = parser.add_argument_group("several outputs for one input (BicycleGAN, MUNIT, SA-MUNIT; UNIT: --styles)")
    group.add_argument("--styles", type=int, metavar="N", help="N random styles, the same for all inputs: a_style1.png")
    group.add_argument(
        "--style-image",
        nargs="+",
        action="extend",
        default=[],
        metavar="PNG",
        help="these pictures' styles: a_style-<name>.png",
    )
    group.add_argument(
        "--interpolate",
        type=int,
        metavar="N",
        help="a strip of N outputs, between two --style-image or two random styles: a_interpolation.png",
    )
    group.add_argument("--gif", action="store_true", help="with --interpolate: there and back again in an animation")
    group.add_argument("--seed", type=int, default=0, help="of random styles (default 0)")


def requests(model: "GANModule", view: "View", way: str, args: argparse.Namespace) -> list[Request]:
    """What a command line asks for; one output an input where it asks for nothing.

    Raises:
        UserError: the model has no styles, the options do not go together, or a style picture cannot be read.
    """
    if args.gif and args.interpolate is None:
        raise UserError("--gif shows the way between two styles: add --interpolate N")
    if getattr(model, "seeded", False) and not args.style_image and args.interpolate is None:
        return _noises(args)
    if not getattr(model, "style_dim", 0):
        if args.styles is not None or args.style_image or args.interpolate is not None:
            raise UserError(f"{args.checkpoint} holds a {type(model).__name__}, which has {_without(model)}")
        return [Request()]
    _check(args)
    if args.interpolate is not None:
        return [_strip(model, view, way, args)]
    found = [Request(f"_style{n}", ({"style": z},)) for n, z in enumerate(drawn(model, args.styles or 0, args.seed), 1)]
    names = unique([Path(name).stem for name in args.style_image])
    for name, path in zip(names, args.style_image, strict=True):
        style = _encoded(model, view, way, path)
        found.append(Request(f"_style-{name}", ({"style": style},), shown=Path(path)))
    return found or [Request("", ({"style": drawn(model, 1, args.seed)[0]},))]


def _check(args: argparse.Namespace) -> None:
    if args.styles is not None and args.styles < 1:
        raise UserError(f"--styles {args.styles}: ask for 1 or more")
    if args.interpolate is None:
        return
    if args.interpolate < 2:
        raise UserError(f"--interpolate {args.interpolate}: a way has 2 outputs or more")
    if args.styles is not None or len(args.style_image) not in (0, 2):
        raise UserError("--interpolate goes between two --style-image, or, without any, between two random styles")


def _strip(model: Any, view: "View", way: str, args: argparse.Namespace) -> Request:
    ends = [_encoded(model, view, way, path) for path in args.style_image] or drawn(model, 2, args.seed)
    codes = model.interpolate(ends[0][0], ends[1][0], args.interpolate)
    return Request("_interpolation", tuple({"style": code[None]} for code in codes), animated=args.gif)


def _noises(args: argparse.Namespace) -> list[Request]:
    """Random translations of a model whose codes take noise: a seed for each, more of them begin with the same ones."""
    if args.styles is None:
        return [Request()]
    _check(args)
    seeds = random.Random(args.seed)
    return [Request(f"_style{n}", ({"seed": seeds.randrange(2**31)},)) for n in range(1, args.styles + 1)]


def _without(model: Any) -> str:
    """What a model without styles has, and which options it cannot have."""
    if getattr(model, "seeded", False):
        return "random outputs but no styles: leave out --style-image and --interpolate"
    return "one output for an input: leave out --styles, --style-image and --interpolate"


def drawn(model: Any, count: int, seed: int) -> "list[Tensor]":
    """Standard normals (1, style_dim), the same for the same seed on every device; each for itself, so that more of
    them begin with the same ones."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, model.style_dim, generator=generator).to(model.device) for _ in range(count)]


def _encoded(model: Any, view: "View", way: str, path: str) -> "Tensor":
    import torch

    with torch.inference_mode():
        style: Tensor = model.encode_style(view.read(path, way[1]).to(model.device), direction=way)
    return style


def unique(names: Sequence[str]) -> list[str]:
    """The names, those that came before (whatever the case) with a number."""
    found: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique.casefold() in {other.casefold() for other in found}:
            number += 1
            unique = f"{name}-{number}"
        found.append(unique)
    return found
