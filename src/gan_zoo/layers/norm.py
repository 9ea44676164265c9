"""Normalisation layers as factories: a network is given one and calls it with a number of channels."""

from collections.abc import Callable

from torch import nn

from gan_zoo.layers.spectral import Normed, SpectralConv2d

NormFactory = Callable[[int], nn.Module]


def batch_norm(channels: int) -> nn.Module:
    """Batch norm over (N, H, W): eps 1e-5, momentum 0.1, affine, running statistics (Ioffe and Szegedy 2015)."""
    return nn.BatchNorm2d(channels)


def sync_batch_norm(channels: int) -> nn.Module:
    """Batch norm over the batch of all devices (on GPUs); alone it is batch norm."""
    return nn.SyncBatchNorm(channels)


def instance_norm(channels: int) -> nn.Module:
    """Instance norm over (H, W): eps 1e-5, neither affine nor tracked: the image's own statistics in eval mode too."""
    return nn.InstanceNorm2d(channels, affine=False, track_running_stats=False)


def no_norm(channels: int) -> nn.Module:
    """The identity in the norm's place: later layers keep their positions."""
    return nn.Identity()


def wants_bias(norm: NormFactory) -> bool:
    """Whether a convolution next to this norm has a bias: only with instance norm.

    The rule of junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2: also without a norm there is no bias, although
    nothing would then replace it. Kept, because checkpoints have these keys.
    """
    return isinstance(norm(1), nn.InstanceNorm2d)


def merges_images(net: nn.Module) -> bool:
    """Whether images of one batch influence each other or are drawn for, or every pass changes the network.

    That is so with batch norm, dropout and power iterations: two passes are not one pass of their concatenation.
    """
    mixing = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd, SpectralConv2d, Normed)
    return any(isinstance(layer, mixing) for layer in net.modules())
