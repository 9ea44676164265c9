"""Floor 4: one paper, one file, one LightningModule."""

from typing import TYPE_CHECKING, Any

__all__ = ["MUNIT", "SAMUNIT", "UGATIT", "UNIT", "BicycleGAN", "CycleGAN", "Pix2Pix", "Pix2PixHD", "ProGAN", "StyleGAN"]

if TYPE_CHECKING:
    from gan_zoo.models.bicyclegan import BicycleGAN
    from gan_zoo.models.cyclegan import CycleGAN
    from gan_zoo.models.munit import MUNIT
    from gan_zoo.models.pix2pix import Pix2Pix
    from gan_zoo.models.pix2pixhd import Pix2PixHD
    from gan_zoo.models.progan import ProGAN
    from gan_zoo.models.sa_munit import SAMUNIT
    from gan_zoo.models.stylegan import StyleGAN
    from gan_zoo.models.ugatit import UGATIT
    from gan_zoo.models.unit import UNIT

_HOMES = {
    **{"BicycleGAN": "bicyclegan", "CycleGAN": "cyclegan", "MUNIT": "munit", "Pix2Pix": "pix2pix"},
    **{"Pix2PixHD": "pix2pixhd", "SAMUNIT": "sa_munit", "UGATIT": "ugatit", "UNIT": "unit"},
    **{"ProGAN": "progan", "StyleGAN": "stylegan"},
}


def __getattr__(name: str) -> Any:
    """Import a paper on first use."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"gan_zoo.models.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'gan_zoo.models' has no attribute {name!r}")
