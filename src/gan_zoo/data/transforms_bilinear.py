"""U-GAT-IT's preprocessing: ``ResizeAndCrop`` by bilinear resampling (znxlwm/UGATIT-pytorch @ b8c42518)."""

from dataclasses import dataclass

from PIL import Image

from gan_zoo.data.images import Picture
from gan_zoo.data.transforms import CENTRE_FREE, Mode, Placement, ResizeAndCrop


@dataclass(frozen=True)
class ResizeAndCropBilinear(ResizeAndCrop):
    """Squeeze to load_size x load_size, crop; the reference's load_size is crop_size + 30.

    It mirrors before it resizes, which with crops anywhere is the same.
    """

    def apply(
        self, picture: Picture, placement: Placement = CENTRE_FREE, how: Image.Resampling = Image.Resampling.BILINEAR
    ) -> Picture:
        """Resize, crop, mirror."""
        return super().apply(picture, placement, how)

    def at_test_time(self) -> Mode:
        """Straight to crop_size."""
        return ResizeAndCropBilinear(self.crop_size, self.crop_size)
