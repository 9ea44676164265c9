"""The residual generator of CycleGAN, after Johnson et al. 2016 (Zhu et al. 2017, sec. 4 and appendix 7.2).

Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``ResnetGenerator``.
"""

import torch
from torch import Tensor, nn

from gan_zoo.errors import UserError
from gan_zoo.layers.blocks import ResidualBlock, double, front, halve, to_image
from gan_zoo.layers.norm import NormFactory, instance_norm, wants_bias


class ResNet(nn.Module):
    """7x7 convolution, two halvings, ``n_blocks`` residual blocks of width 4 ngf, two doublings, 7x7 convolution, tanh.

    Args:
        in_channels: channels of the input picture.
        out_channels: channels of the output, in [-1, 1].
        n_blocks: 9 for 256 px and more, 6 for 128 px in the paper.
        ngf: width of the first convolution.
        norm: factory of the norm behind every convolution but the last.
        dropout: Dropout(0.5) inside each block.
    """

    stride = 4
    smallest = 8  # below that the blocks have a single pixel, which has no reflection and no statistics

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        n_blocks: int = 9,
        ngf: int = 64,
        norm: NormFactory = instance_norm,
        dropout: bool = False,
    ) -> None:
        super().__init__()
        bias = wants_bias(norm)
        self.encoder = nn.Sequential(
            *front(in_channels, ngf, norm, bias),
            *halve(ngf, norm, bias),
            *halve(2 * ngf, norm, bias),
        )
        self.blocks = nn.Sequential(*(ResidualBlock(4 * ngf, norm, dropout) for _ in range(n_blocks)))
        self.decoder = nn.Sequential(
            *double(4 * ngf, norm, bias),
            *double(2 * ngf, norm, bias),
            *to_image(ngf, out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H', W'), both in [-1, 1]; H' and W' are H and W rounded up to multiples of 4.

        Raises:
            UserError: in training, where input and output are compared, H or W is not a multiple of 4 from 8 on.
        """
        if self.training and torch.is_grad_enabled():
            self._check(x)
        out: Tensor = self.decoder(self.blocks(self.encoder(x)))
        return out

    def _check(self, x: Tensor) -> None:
        height, width = x.shape[-2:]
        if height % self.stride or width % self.stride or min(height, width) < self.smallest:
            raise UserError(
                f"a residual generator is trained on sides that are multiples of {self.stride}, from {self.smallest} "
                f"px on, not {width}x{height}: set data.crop_size to such a number"
            )
