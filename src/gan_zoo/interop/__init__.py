"""Models to and from the weights of the papers' own code, by the names and options that their code uses."""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop import bicyclegan, cyclegan_and_pix2pix, growing, munit, pix2pixhd, rosinality, ugatit
from gan_zoo.training.module import GANModule

Weights = Mapping[str, Mapping[str, Any]]


class Adapter(Protocol):
    """What a module of this package offers for one code base."""

    def from_reference(self, name: str, options: Mapping[str, Any], weights: Weights) -> GANModule:
        """Build and fill a model."""

    def reference_networks(self, model: GANModule) -> dict[str, nn.Module]:
        """Our modules by the reference's names."""

    def to_reference(self, model: GANModule) -> dict[str, dict[str, Tensor]]:
        """The reference's state dicts."""


_ADAPTERS: dict[str, Adapter] = {
    **{"pix2pix": cyclegan_and_pix2pix, "cyclegan": cyclegan_and_pix2pix},
    "bicyclegan": bicyclegan,
    "pix2pixhd": pix2pixhd,
    **dict.fromkeys(munit.MODELS, munit),
    "ugatit": ugatit,
    **{"progan": growing, "stylegan": growing},
}


def from_reference(name: str, options: Mapping[str, Any], weights: Weights) -> GANModule:
    """The model that a paper's reference code builds under ``options``, holding ``weights``.

    Args:
        name: of the model, in the zoo's spelling: ``pix2pix``, ``cyclegan``.
        options: the reference's own option names and values; what is left out has the reference's default.
            Options of a single network (``network: generator`` or ``discriminator``) give a model that holds it.
        weights: state dicts by network name, of NumPy arrays or tensors in the reference's keys and shapes; networks
            may be left out, and a single network may bear any name.

    Raises:
        UserError: an unknown model or option, or weights that do not fit; the line says which.
    """
    if name == "stylegan" and rosinality.speaks(options, weights):  # the common PyTorch port
        return rosinality.from_reference(name, options, weights)
    return _adapter(name).from_reference(name, options, weights)


def to_reference(model: GANModule) -> dict[str, dict[str, Tensor]]:
    """The state dicts of the model's networks under the reference's names and keys, in its order."""
    return _adapter_of(model).to_reference(model)


def reference_networks(model: GANModule) -> dict[str, nn.Module]:
    """Which of the model's modules holds which of the reference's networks."""
    return _adapter_of(model).reference_networks(model)


def _adapter(name: str) -> Adapter:
    if name not in _ADAPTERS:
        raise UserError(f"no reference code is known for a model {name!r}{nearest(name, _ADAPTERS)}")
    return _ADAPTERS[name]


def _adapter_of(model: GANModule) -> Adapter:
    if rosinality.holds(model):
        return rosinality
    return next(adapter for name, adapter in _ADAPTERS.items() if name.replace("_", "") == type(model).__name__.lower())
