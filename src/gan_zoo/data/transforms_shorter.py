"""MUNIT's preprocessing: the shorter side to a size, the aspect kept, then a crop (NVlabs/MUNIT @ a82e222b)."""

from dataclasses import dataclass

from PIL import Image

from gan_zoo.data.images import Picture
from gan_zoo.data.transforms import CENTRE_FREE, Mode, Placement


@dataclass(frozen=True)
class ScaleShorter(Mode):
    """Bilinear; the longer side is floor(load_size * long / short). No crop: what the reference's test script does."""

    crops = False

    def target(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) with the shorter side at ``load_size``."""
        if width <= height:
            return self.load_size, self.load_size * height // width
        return self.load_size * width // height, self.load_size

    def crop_range(self, width: int, height: int) -> tuple[int, int]:
        """The crop lies anywhere in the resized picture."""
        return self.target(width, height)

    def apply(
        self, picture: Picture, placement: Placement = CENTRE_FREE, how: Image.Resampling = Image.Resampling.BILINEAR
    ) -> Picture:
        """Resize, crop, mirror. The reference mirrors first, which with crops anywhere is the same."""
        return super().apply(picture, placement, how)


@dataclass(frozen=True)
class ScaleShorterAndCrop(ScaleShorter):
    """Then a crop of crop_size x crop_size. At test time ``ScaleShorter``: whole pictures."""

    crops = True

    def at_test_time(self) -> Mode:
        """Whole pictures."""
        return ScaleShorter(self.load_size, self.crop_size)
