"""Squares of one size, as the data sets of ProGAN and StyleGAN are made."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_zoo.data.images import Picture, boxed, mirrored, resampled, size
from gan_zoo.data.transforms import CENTRE_FREE, Mode, Placement


@dataclass(frozen=True)
class CentreSquare(Mode):
    """The largest square in the middle, resized to crop_size (Lanczos, antialiased; smaller pictures are enlarged).

    The crop is not drawn; pictures are mirrored where a number drawn from U(0, 1) is 1/2 or more.
    """

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:  # noqa: D102
        return self.crop_size, self.crop_size

    def draw(self, rng: random.Random, size: tuple[int, int]) -> Placement:  # noqa: D102
        return Placement(flip=rng.random() >= 0.5)

    def apply(
        self, picture: Picture, placement: Placement = CENTRE_FREE, how: Image.Resampling = Image.Resampling.LANCZOS
    ) -> Picture:
        """Cut, resize, mirror."""
        width, height = size(picture)
        side = min(width, height)
        picture = boxed(picture, (width - side) // 2, (height - side) // 2, side, side)
        picture = resampled(picture, self.crop_size, self.crop_size, how)
        return mirrored(picture) if placement.flip else picture


@dataclass(frozen=True)
class Letterbox(CentreSquare):
    """The middle of 4:3, as wide as the square, with black rows above and below: LSUN's cars."""

    def apply(
        self, picture: Picture, placement: Placement = CENTRE_FREE, how: Image.Resampling = Image.Resampling.LANCZOS
    ) -> Picture:
        """Cut, resize, add the black rows, mirror."""
        width, height = size(picture)
        wide, tall = min(width, height * 4 // 3), min(height, width * 3 // 4)
        side, inner = self.crop_size, self.crop_size * 3 // 4
        part = boxed(picture, (width - wide) // 2, (height - tall) // 2, wide, tall)
        part, top = resampled(part, side, inner, how), (side - inner) // 2
        if isinstance(part, Image.Image):
            whole: Picture = part.crop((0, -top, side, side - top))
        else:
            whole = np.pad(part, ((top, side - inner - top), (0, 0), (0, 0)))
        return mirrored(whole) if placement.flip else whole
