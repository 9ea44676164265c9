"""``gan-zoo sample CHECKPOINT``: pictures of seeds, truncation, tables of mixed styles, ways from seed to seed."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.cli import neighbours
from gan_zoo.cli.arguments import Parser, numbers, seeds
from gan_zoo.cli.sheets import laid_out
from gan_zoo.cli.translation import animate, device, write
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 8  # pictures made at once
MEAN_OF = 10_240  # latents whose mean w is taken, where a model brings none: as in the common PyTorch port
EXAMPLES = """\
  gan-zoo sample last.ckpt                                          sixteen seeds: samples/grid.png
  gan-zoo sample last.ckpt --seeds 3,5,10-20 --psi 0.5 --each       a file each: samples/seed0003.png …
  gan-zoo sample last.ckpt --seeds 0-4 --psis=-1,-0.5,0,0.5,0.7,1   truncation: a row a seed
  gan-zoo sample last.ckpt --mix coarse --rows 1,2 --columns 3-6    rows that take the columns' coarse styles
  gan-zoo sample last.ckpt --interpolate 9 --seeds 1,2,3            from seed to seed: a row a way
  gan-zoo sample last.ckpt --interpolate --gif --seeds 1,2,3        the same as an animation
  gan-zoo sample last.ckpt --nearest photos --seeds 0-7             beside the training pictures nearest to them"""


def main(argv: Sequence[str]) -> int:
    """Sample.

    Raises:
        UserError: no such checkpoint, one that samples nothing, options that do not fit it or each other.
    """
    args = _parse(argv)
    _check(args)
    output = Path(args.output)
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output} is a file: name a folder")
    painter = prepared(args)
    written = _asked(args)(painter, args, output)
    print(f"{written} in {output}")
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog="gan-zoo sample",
        description="Pictures by the running mean of a ProGAN's or StyleGAN's generator, at the size it has grown to.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("checkpoint", help="last.ckpt of a run, or what gan-zoo import wrote")
    parser.add_argument("--output", default="samples", metavar="DIR", help="where files go; default: samples")
    parser.add_argument("--seeds", metavar="0-15", help="also 1,2,5-7; default: 0-15, of other tables fewer")
    parser.add_argument("--each", action="store_true", help="a file for each seed instead of one grid")
    parser.add_argument("--class", type=int, dest="label", metavar="N", help="of models with classes, from 0 on")
    parser.add_argument(
        "--interpolate", type=int, nargs="?", const=0, metavar="N", help="ways of N pictures, seed to seed"
    )
    parser.add_argument("--gif", action="store_true", help="with --interpolate: there and back again in an animation")
    neighbours.add_options(parser)
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1")
    _add_styles(parser)
    return parser.parse_args(list(argv))


def _add_styles(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("StyleGAN")
    group.add_argument(
        "--psi", metavar="0.7", help="truncation: of all layers below the cut-off, or a number for each layer"
    )
    group.add_argument("--cutoff", type=int, metavar="N", help="layers that are truncated; default: 8, with --psis all")
    group.add_argument(
        "--psis", metavar="0,0.5,1", help="a table of truncations, a row a seed; --psis=-1,… for negative ones"
    )
    group.add_argument(
        "--mix", choices=("coarse", "middle", "fine"), help="a table of rows with these styles of columns"
    )
    group.add_argument("--rows", metavar="1,2", help="seeds for --mix; default: 0-3")
    group.add_argument("--columns", metavar="3,4", help="seeds for --mix; default: 4-8")
    group.add_argument("--no-noise", action="store_true", help="without the noise of each layer")


def _check(args: argparse.Namespace) -> None:
    """Raise ``UserError`` where options do not go together, before a model is loaded."""
    tables = [name for name in ("psis", "mix", "interpolate", "each", "nearest") if _given(args, name)]
    if len(tables) > 1:
        raise UserError(f"--{tables[0]} and --{tables[1]} are two pictures: ask for one at a time")
    if args.mix is None and (args.rows or args.columns):
        raise UserError("--rows and --columns are of a table of styles: add --mix coarse, middle or fine")
    if args.mix is not None and args.seeds:
        raise UserError("--mix has no --seeds: name --rows and --columns")
    if args.psis and args.psi:
        raise UserError("--psis are the table's truncations: leave out --psi")
    if args.gif and args.interpolate is None:
        raise UserError("--gif shows the way between seeds: add --interpolate")
    if args.interpolate is not None and args.interpolate != 0 and args.interpolate < 2:
        raise UserError(f"--interpolate {args.interpolate}: a way has 2 pictures or more")
    for name in ("seeds", "rows", "columns"):
        seeds(getattr(args, name) or "0", name)
    for name in ("psi", "psis"):
        numbers(getattr(args, name) or "0", name)


def _given(args: argparse.Namespace, name: str) -> bool:
    value = getattr(args, name)
    return value is not None and value is not False  # 0 is given


@dataclass(frozen=True)
class Painter:
    """A model and what holds for all its pictures."""

    model: Any
    psi: float | list[float] | None
    cutoff: int | None
    noise: bool
    label: int | None

    @property
    def styled(self) -> bool:
        """Whether it is a StyleGAN."""
        return hasattr(self.model, "mix")

    def codes(self, chosen: Sequence[int], psi: float | None = None) -> "Tensor":
        """What is painted of seeds: styles or latents."""
        if not self.styled:
            return self.model.codes(chosen)  # type: ignore[no-any-return]
        truncation = self.psi if psi is None else psi
        return self.model.codes(chosen, truncation, self.cutoff, self._labels(len(chosen)))  # type: ignore[no-any-return]

    def pictures(self, codes: "Tensor") -> list[Any]:
        """Pillow images."""
        from gan_zoo.data.views import Plain

        made = [
            self.model.paint(part, self.noise) if self.styled else self.model.paint(part, self._labels(len(part)))
            for part in codes.split(BATCH)  # type: ignore[no-untyped-call]
        ]
        return [Plain({}).write(picture, picture, "image") for part in made for picture in part]

    def _labels(self, count: int) -> "Tensor | None":
        import torch

        if self.label is None:
            return None
        index = torch.full((count,), self.label, device=self.model.device)
        return torch.nn.functional.one_hot(index, classes(self.model)).float()


def prepared(args: argparse.Namespace) -> Painter:
    """The checkpoint's model, where what is asked fits it.

    Raises:
        UserError: it does not.
    """
    from gan_zoo.interop import hub

    model: Any = hub.load(args.checkpoint)
    kind, file = type(model).__name__, args.checkpoint
    if not hasattr(model, "paint"):
        raise UserError(f"{file} holds a {kind}, which makes pictures of pictures: gan-zoo translate {file} …")
    styled = hasattr(model, "mix")
    asked = [name for name in ("psi", "psis", "cutoff", "mix", "no_noise") if _given(args, name)]
    if asked and not styled:
        raise UserError(f"{file} holds a {kind}, which has no styles: leave out --{asked[0].replace('_', '-')}")
    if bool(classes(model)) != (args.label is not None) or not 0 <= (args.label or 0) < max(classes(model), 1):
        said = f"classes 0 to {classes(model) - 1}: add --class" if classes(model) else "no classes: leave out --class"
        raise UserError(f"{file} holds a {kind} with {said}")
    if args.no_noise and not any(plane is not None for plane in model.average.synthesis.stored_noise()):
        raise UserError(f"{file} holds a {kind} without noise: leave out --no-noise")
    model.to(device(args.device))
    return _truncating(model, args) if styled else Painter(model, None, None, True, args.label)


def classes(model: Any) -> int:
    """How many classes its pictures have."""
    if not hasattr(model, "mix"):
        return int(model.labels)
    vectors = model.average.mapping.label_vectors
    return 0 if vectors is None else len(vectors)


def _truncating(model: Any, args: argparse.Namespace) -> Painter:
    """A StyleGAN with what is asked of truncation, and a mean of w that it needs."""
    given, layers = numbers(args.psi or "0.7", "psi"), model.average.synthesis.layers
    if len(given) not in (1, layers):
        raise UserError(f"--psi {args.psi}: {args.checkpoint} has {layers} layers, so write one number or {layers}")
    cutoff = args.cutoff if args.cutoff is not None else (layers if args.psis else 8)
    if cutoff < 0:
        raise UserError(f"--cutoff {cutoff}: write a number of layers, 0 to {layers}")
    wanted = numbers(args.psis, "psis") if args.psis else given
    if any(psi != 1 for psi in wanted) and (cutoff or len(given) > 1) and not model.average.mean_w.any():
        print(f"{args.checkpoint} brings no mean of w: measured of {MEAN_OF} latents")
        model.mean_w(MEAN_OF)
    return Painter(model, given[0] if len(given) == 1 else given, cutoff, not args.no_noise, args.label)


def _asked(args: argparse.Namespace) -> Any:
    """The function that makes what a command line asks for."""
    for name, make in (("psis", _sweep), ("mix", _table), ("each", _files), ("nearest", _beside)):
        if _given(args, name):
            return make
    return _grid if args.interpolate is None else _ways


def _grid(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    chosen = seeds(args.seeds or "0-15")
    pictures = painter.pictures(painter.codes(chosen))
    width = math.ceil(math.sqrt(len(pictures)))
    pictures += [None] * (-len(pictures) % width)
    write(laid_out([pictures[at : at + width] for at in range(0, len(pictures), width)]), output / "grid.png")
    return f"{len(chosen)} seeds: grid.png"


def _files(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    chosen = seeds(args.seeds or "0-15")
    for at in range(0, len(chosen), BATCH):
        part = chosen[at : at + BATCH]
        for seed, picture in zip(part, painter.pictures(painter.codes(part)), strict=True):
            write(picture, output / f"seed{seed:04d}.png")
    return f"{len(chosen)} seeds: seed{chosen[0]:04d}.png …"


def _beside(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    chosen = seeds(args.seeds or "0-7")
    table, found = neighbours.rows(painter.pictures(painter.codes(chosen)), Path(args.nearest))
    write(laid_out(table), output / "nearest.png")
    closest, seed = min((near[0].distance, seed) for near, seed in zip(found, chosen, strict=True))
    far = f"seed {seed} is {closest:.1f} of 255 away"
    return f"{len(chosen)} seeds beside their nearest in {args.nearest} ({far}): nearest.png"


def _sweep(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    chosen, psis = seeds(args.seeds or "0-3"), numbers(args.psis, "psis")
    columns = [painter.pictures(painter.codes(chosen, psi)) for psi in psis]
    write(laid_out(list(zip(*columns, strict=True))), output / "truncation.png")
    return f"{len(chosen)} seeds at {len(psis)} truncations: truncation.png"


def _table(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    from gan_zoo.networks.stylegan import COARSE, FINE, MIDDLE

    synthesis = painter.model.average.synthesis
    layers = {"coarse": COARSE, "middle": MIDDLE, "fine": FINE}[args.mix]
    used = synthesis.layers - 2 * math.floor(painter.model.lod)
    if synthesis.epilogues[0].style is None or layers.start >= used:
        has = f"{used} layers, none of them {args.mix}" if synthesis.epilogues[0].style else "no styles to mix"
        raise UserError(f"--mix {args.mix}: {args.checkpoint} has {has}")
    rows, columns = (painter.codes(seeds(text)) for text in (args.rows or "0-3", args.columns or "4-8"))
    mixed = painter.pictures(painter.model.average.mixed(rows, columns, layers).flatten(0, 1))
    table: list[list[Any]] = [[None, *painter.pictures(columns)]]
    for n, head in enumerate(painter.pictures(rows)):
        table.append([head, *mixed[n * len(columns) : (n + 1) * len(columns)]])
    write(laid_out(table), output / f"mixing-{args.mix}.png")
    return f"{len(rows)} rows with the {args.mix} styles of {len(columns)} columns: mixing-{args.mix}.png"


def _ways(painter: Painter, args: argparse.Namespace, output: Path) -> str:
    chosen = seeds(args.seeds or "0-1")
    if len(chosen) < 2:
        raise UserError(f"--seeds {args.seeds}: a way goes from one seed to another")
    count = args.interpolate or (30 if args.gif else 9)
    ways = [painter.model.interpolate(a, b, count) for a, b in pairwise(painter.codes(chosen))]
    rows = [painter.pictures(way) for way in ways]
    if args.gif:
        animate([rows[0][0], *(picture for row in rows for picture in row[1:])], output / "interpolation.gif")
        return f"{len(ways)} ways of {count} pictures: interpolation.gif"
    write(laid_out(rows), output / "interpolation.png")
    return f"{len(ways)} ways of {count} pictures: interpolation.png"
