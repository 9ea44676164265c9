"""SA-MUNIT: Unsupervised Image-to-Image Translation with Self-Attention Networks (Kang and Lee, BigComp 2020)."""

from gan_zoo.models.munit import MUNIT


class SAMUNIT(MUNIT):
    """MUNIT, objective and all, with self-attention as itsss/img2img_sa @ 16e3b825 places it.

    Decoders have one layer before their first doubling, each discriminator scale one before its last convolution.
    """

    arrangement = "reference"
