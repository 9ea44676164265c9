"""Weight initialisations of junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2 (``models/networks.py``).

Convolutions, transposed convolutions and linear layers get the named distribution and zero biases; batch norm
weights are N(1, gain) with zero biases. Synchronised batch norm keeps its ones, as there. Instance norm has nothing.
"""

from dataclasses import dataclass

from torch import Tensor, nn

_WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)


@dataclass(frozen=True)
class Initialisation:
    """Applies itself to every layer of a network: ``Normal(0.02)(net)`` fills and returns ``net``.

    ``norms``: whether batch norms are drawn too, or keep their ones and zeros. ``biases``: whether those of the layers
    with weights become zeros, or stay as PyTorch draws them.
    """

    gain: float = 0.02
    norms: bool = True
    biases: bool = True

    def fill(self, weight: Tensor) -> None:
        """Draw one weight tensor in place."""
        raise NotImplementedError(f"{type(self).__name__} must say how a weight is drawn")

    def __call__(self, net: nn.Module) -> nn.Module:
        """Fill every layer of ``net`` in the order of its modules."""
        for layer in net.modules():
            if isinstance(layer, _WEIGHTED):
                self.fill(layer.weight)
            elif self.norms and isinstance(layer, nn.BatchNorm2d) and layer.affine:
                nn.init.normal_(layer.weight, 1.0, self.gain)
            else:
                continue
            if layer.bias is not None and (self.biases or isinstance(layer, nn.BatchNorm2d)):
                nn.init.zeros_(layer.bias)
        return net


@dataclass(frozen=True)
class Normal(Initialisation):
    """Weights N(0, gain)."""

    def fill(self, weight: Tensor) -> None:
        """N(0, gain) in place."""
        nn.init.normal_(weight, 0.0, self.gain)


@dataclass(frozen=True)
class Xavier(Initialisation):
    """Weights N(0, gain * sqrt(2 / (fan_in + fan_out))) (Glorot and Bengio 2010)."""

    def fill(self, weight: Tensor) -> None:
        """Xavier normal in place."""
        nn.init.xavier_normal_(weight, self.gain)


@dataclass(frozen=True)
class Kaiming(Initialisation):
    """Weights N(0, sqrt(2 / fan_in)) (He et al. 2015); the gain scales only batch norm."""

    def fill(self, weight: Tensor) -> None:
        """Kaiming normal (fan in, slope 0) in place."""
        nn.init.kaiming_normal_(weight, a=0, mode="fan_in")


@dataclass(frozen=True)
class Orthogonal(Initialisation):
    """Orthogonal weights times gain (Saxe et al. 2014)."""

    def fill(self, weight: Tensor) -> None:
        """Orthogonal in place."""
        nn.init.orthogonal_(weight, self.gain)


@dataclass(frozen=True)
class Untouched(Initialisation):
    """PyTorch's own initialisation."""

    def __call__(self, net: nn.Module) -> nn.Module:
        """``net`` as it is."""
        return net
