"""A sheet of translations: a row an input, a column a style, as in the papers of multimodal models."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_zoo.cli.report import one_line
from gan_zoo.cli.styles import Request
from gan_zoo.errors import UserError

LARGEST = 256  # pixels of a picture's longer side; larger ones are brought to it
GAP, PAPER = 4, (255, 255, 255)


@dataclass(frozen=True)
class Sheet:
    """What is needed of the command: how a file becomes pictures, and what stands above the columns."""

    row: Callable[[Path], Sequence[Any]]  # the input and its outputs, as Pillow images
    heads: Sequence[Any | None]  # a Pillow image, or none, for each output

    def draw(self, sources: Sequence[Path], skip: bool = False) -> tuple[Any, int]:
        """The sheet and the number of inputs that could not be read.

        Raises:
            UserError: an unreadable picture, unless they are to be skipped; none could be read.
        """
        rows, skipped = [], 0
        for source in sources:
            try:
                rows.append([_small(picture) for picture in self.row(source)])
            except UserError as error:
                if not skip:
                    raise UserError(f"{error} (--skip goes on with the others)") from error
                print(f"skipped: {one_line(error)}", file=sys.stderr)
                skipped += 1
        if not rows:
            raise UserError("none of the pictures could be read: there is nothing for a sheet")
        if any(self.heads):
            rows.insert(0, [None, *(head and _small(head) for head in self.heads)])
        return laid_out(rows), skipped


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--sheet``."""
    parser.add_argument(
        "--sheet", action="store_true", help="one picture of all inputs under all styles: sheet.png, a row an input"
    )


def check(asked: Sequence[Request], args: argparse.Namespace) -> None:
    """Raise ``UserError`` where a sheet would have one column of outputs only because no styles were asked for."""
    if args.sheet and asked == [Request()]:
        raise UserError("--sheet shows inputs under styles: add --styles N, --style-image or --interpolate N")


def _small(picture: Any) -> Any:
    picture = picture.convert("RGB")
    picture.thumbnail((LARGEST, LARGEST))
    return picture


def laid_out(rows: Sequence[Sequence[Any | None]]) -> Any:
    """One picture of rows of Pillow images, as many in each, in the middle of their cells; None leaves a cell empty."""
    from PIL import Image

    widths = [max((cell.width for cell in column if cell), default=0) for column in zip(*rows, strict=True)]
    heights = [max(cell.height for cell in row if cell) for row in rows]
    size = (sum(widths) + GAP * (len(widths) + 1), sum(heights) + GAP * (len(heights) + 1))
    sheet = Image.new("RGB", size, PAPER)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for cell, width in zip(row, widths, strict=True):
            if cell:
                sheet.paste(cell, (left + (width - cell.width) // 2, top + (height - cell.height) // 2))
            left += width + GAP
        top += height + GAP
    return sheet
