"""U-GAT-IT's preprocessing (pixels are a golden case)."""

import numpy as np
from PIL import Image

from gan_zoo.data.transforms import Placement, ResizeAndCrop
from gan_zoo.data.transforms_bilinear import ResizeAndCropBilinear


def test_it_resamples_bilinearly_crops_and_goes_straight_to_the_crop_in_tests() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    mode = ResizeAndCropBilinear(20, 16)
    found = mode(noise, Placement(3, 4))
    resized = Image.fromarray(noise).resize((20, 20), Image.Resampling.BILINEAR)
    expected = np.asarray(resized)[4:20, 3:19].transpose(2, 0, 1) / 127.5 - 1
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    assert not np.allclose(found, ResizeAndCrop(20, 16)(noise, Placement(3, 4)), atol=1e-2)
    assert mode.at_test_time()(noise).shape == (3, 16, 16)
