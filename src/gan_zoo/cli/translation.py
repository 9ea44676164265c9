"""``gan-zoo translate CHECKPOINT INPUT… --output DIR``: pictures and folders, any size, either direction."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.cli import attention, cam, label_maps, sheets, styles
from gan_zoo.cli.arguments import Parser, direction
from gan_zoo.cli.report import one_line
from gan_zoo.cli.styles import Request
from gan_zoo.data.images import SUFFIXES
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.data.views import View
    from gan_zoo.training.module import GANModule


@dataclass(frozen=True)
class Job:
    """One picture to read and the file to write (to the name of which a request may add)."""

    source: Path
    target: Path


def main(argv: Sequence[str]) -> int:
    """Translate; 1 where pictures had to be skipped.

    Raises:
        UserError: no such checkpoint, input or direction; an unreadable picture (without --skip); an unwritable output.
    """
    args = _parse(argv)
    inputs, output = [Path(name) for name in args.inputs], Path(args.output)
    plan(inputs, output)  # what is wrong with the inputs is said before a model is loaded
    model, view = load(args.checkpoint)
    cam.check(model, args)
    if getattr(model, "labels", 0):
        return label_maps.translate(model.to(device(args.device)), view, args)
    if label_maps.asked(args):
        raise UserError(f"{args.checkpoint} takes pictures: --features, --relabel and the like are for label maps")
    ways: tuple[str, ...] = getattr(model, "directions", ("ab",))
    way = direction(args.direction or ways[0])
    if way not in ways:
        raise UserError(f"{args.checkpoint} translates {' and '.join(ways)} only, not {way}")
    model.to(device(args.device))
    asked = styles.requests(model, view, way, args)
    sheets.check(asked, args)
    at, overlays = attention.requested(model, way, args)
    looks = cam.requested(args)
    jobs = plan(inputs, output, [*asked, *overlays, *looks])
    translator = Translator(model, view, way, asked, at, looks)
    if args.sheet:
        return make_sheet(translator, jobs, output, skip=args.skip)
    skipped = translate_all(translator, jobs, skip=args.skip)
    each = f", {len(asked)} outputs each," if len(asked) > 1 else ""
    print(f"{len(jobs) - skipped} of {len(jobs)} pictures{each} in {args.output}")
    return 1 if skipped else 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="gan-zoo translate", description="Translate pictures and folders of pictures, of any size.")
    parser.add_argument("checkpoint", help="last.ckpt of a run, or what gan-zoo import wrote")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="picture files and folders (searched recursively)")
    parser.add_argument("--output", required=True, metavar="DIR", help="where the PNG files go; made if missing")
    parser.add_argument("--direction", metavar="ab|ba", help="also AtoB, BtoA; default: the model's first")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1")
    parser.add_argument(
        "--skip", action="store_true", help="go on after an unreadable picture (the exit code is 1 all the same)"
    )
    styles.add_options(parser)
    sheets.add_options(parser)
    attention.add_options(parser)
    cam.add_options(parser)
    label_maps.add_options(parser)
    return parser.parse_args(list(argv))


def load(path: str | Path) -> "tuple[GANModule, View]":
    """A checkpoint's model, and how its data become pictures.

    Raises:
        UserError: see ``gan_zoo.load``.
    """
    from gan_zoo.data import views
    from gan_zoo.interop import hub
    from gan_zoo.training.checkpoint_io import read

    model = hub.load(path)
    states = [state["view"] for state in read(path).values() if isinstance(state, dict) and "view" in state]
    return model, views.from_config(states[0] if states else {"kind": "plain", "channels": model.hparams["channels"]})


def device(name: str) -> Any:
    """A torch device by name; ``auto`` is a GPU where there is one.

    Raises:
        UserError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(name)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"--device {name}: no such device here; --device auto takes what there is") from error
    return found


@dataclass(frozen=True)
class Translator:
    """A model, its data's pictures, a direction, what is asked of each input, the pixel whose attention is shown, and
    where to show what the generator looked at."""

    model: "GANModule"
    view: "View"
    way: str
    requests: Sequence[Request] = (Request(),)
    attention_at: tuple[int, int] | None = None
    looks: Sequence[Request] = ()

    def __call__(self, job: Job) -> None:
        """Read, translate, write (beside the target first, so that a target is whole or not there)."""
        source = self.view.read(job.source, self.way[0])
        for request in self.requests:
            pictures, target = self.pictures(source, request), request.target(job.target)
            if request.animated:
                animate(pictures, target)
            else:
                write(side_by_side(pictures), target)
        if self.attention_at is not None:
            images, first = source.to(self.model.device), self.requests[0].arguments[0]
            found = attention.overlays(self.model, images, self.way, first, self.attention_at)
            for suffix, picture in found.items():
                write(picture, Request(suffix).target(job.target))
        for request in self.looks:
            write(cam.picture(self.model, source.to(self.model.device), self.way), request.target(job.target))

    def pictures(self, source: Any, request: Request) -> list[Any]:
        """The outputs of a request, as Pillow images."""
        import torch

        images = source.to(self.model.device)
        with torch.inference_mode():
            made = [self.model.translate(images, self.way, **arguments).cpu() for arguments in request.arguments]
        return [self.view.write(image, source, self.way[1]) for image in made]

    def row(self, path: Path) -> list[Any]:
        """A picture, and all that is asked of it."""
        source = self.view.read(path, self.way[0])
        outputs = [picture for request in self.requests for picture in self.pictures(source, request)]
        return [self.view.write(source, source, self.way[0]), *outputs]


def make_sheet(translator: Translator, jobs: Sequence[Job], output: Path, skip: bool = False) -> int:
    """All inputs under all styles in one picture, which replaces no input; 1 where pictures had to be skipped.

    Raises:
        UserError: see ``sheets.Sheet``.
    """
    from PIL import Image

    heads = [
        None if request.shown is None else Image.open(request.shown)
        for request in translator.requests
        for _ in request.arguments
    ]
    sheet, skipped = sheets.Sheet(translator.row, heads).draw([job.source for job in jobs], skip)
    taken = {_folded(job.source) for job in jobs}
    target = next(name for name in _names(output / "sheet.png") if _folded(name) not in taken)
    write(sheet, target)
    print(f"{len(jobs) - skipped} of {len(jobs)} pictures, {len(heads)} outputs each, in {target}")
    return 1 if skipped else 0


def translate_all(translator: Translator, jobs: Sequence[Job], skip: bool = False) -> int:
    """Translate all; how many could not be read.

    Raises:
        UserError: an unreadable picture, unless they are to be skipped.
    """
    skipped = 0
    for job in jobs:
        try:
            translator(job)
        except UserError as error:
            if not skip:
                raise UserError(f"{error} (--skip goes on with the others)") from error
            print(f"skipped: {one_line(error)}", file=sys.stderr)
            skipped += 1
    return skipped


def side_by_side(pictures: Sequence[Any]) -> Any:
    """Pillow images of one size in a row; one is itself."""
    from PIL import Image

    if len(pictures) == 1:
        return pictures[0]
    width, height = pictures[0].size
    strip = Image.new(pictures[0].mode, (len(pictures) * width, height))
    for n, picture in enumerate(pictures):
        strip.paste(picture, (n * width, 0))
    return strip


def animate(pictures: Sequence[Any], target: Path) -> None:
    """Pillow images there and back again, ten in a second, as a GIF."""
    first, *others = [picture.convert("RGB") for picture in (*pictures, *pictures[-2:0:-1])]
    write(first, target, format="GIF", save_all=True, append_images=others, duration=100, loop=0)


def write(picture: Any, target: Path, **options: Any) -> None:
    """A Pillow image as PNG (or as ``options`` say), through a temporary name in the same folder.

    Raises:
        UserError: the folder cannot be written to.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(temporary, **{"format": "PNG"} | options)
        os.replace(temporary, target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}; choose another --output") from error
    finally:
        temporary.unlink(missing_ok=True)


def plan(inputs: Sequence[Path], output: Path, asked: Sequence[Request] = (Request(),)) -> list[Job]:
    """One job a picture, with targets that differ from each other (whatever the case) and from every input.

    So do the files of all requests, whose suffixes join the target's name.

    A folder's pictures keep their places below it. ``a.jpg`` becomes ``a.png``; a second ``a`` becomes ``a_jpeg.png``,
    then ``a-2.png``.

    Raises:
        UserError: an input is missing, or a folder without pictures.
    """
    if output.exists() and not output.is_dir():
        raise UserError(f"--output {output} is a file: name a folder")
    found = list(dict.fromkeys(pair for place in inputs for pair in _pictures(place)))
    taken = {_folded(source) for source, _ in found}
    jobs = []
    for source, relative in found:
        for target in _names(output / relative):
            files = {_folded(request.target(target)) for request in asked}
            if not files & taken:
                break
        taken |= files
        jobs.append(Job(source, target))
    return jobs


def _pictures(place: Path) -> list[tuple[Path, Path]]:
    """A file, or a folder's pictures, each with its path below the output."""
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise UserError(f"{place} holds no pictures ({' '.join(sorted(SUFFIXES))})")
        return [(file, file.relative_to(place)) for file in files]
    if not place.exists():
        raise UserError(f"{place}: no such file or folder")
    return [(place, Path(place.name))]


def _names(path: Path) -> Iterator[Path]:
    yield path.with_suffix(".png")
    yield path.with_name(f"{path.stem}_{path.suffix[1:].lower()}.png")
    number = 2
    while True:
        yield path.with_name(f"{path.stem}-{number}.png")
        number += 1


def _folded(path: Path) -> str:
    """The same for two names of one file, also on file systems that ignore case."""
    return str(path.resolve()).casefold()
