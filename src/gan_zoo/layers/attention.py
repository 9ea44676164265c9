"""Self-attention over the positions of a feature map, in memory linear in their number.

Zhang et al. 2019 (SAGAN, sec. 3), as itsss/img2img_sa @ 16e3b825 has it: no scaling, no spectral norm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gan_zoo.errors import UserError, nearest

# So many numbers of the positions x positions matrix are held at a time; of a large one a 256th, as each chunk costs
# the launches of a dozen kernels (65,536 positions would be 16,384 chunks), but at most 64 MiB in float32.
ENERGIES, MOST, CHUNKS = 2**18, 2**24, 256


Attention = str | Mapping[str, Sequence[int]]

# Where each named arrangement puts self-attention, as slices of a part's places: in front of each change of resolution,
# and, in discriminators only, of the last convolution.
ARRANGEMENTS: dict[str, dict[str, slice]] = {
    "none": {},
    "reference": {"decoder": slice(0, 1), "discriminator": slice(-1, None)},
    "encoder": {"encoder": slice(None)},
    "decoder": {"decoder": slice(None)},
    "discriminator": {"discriminator": slice(1, -1)},
    "all": {"encoder": slice(None), "decoder": slice(None), "discriminator": slice(1, -1)},
}
PARTS = ("encoder", "decoder", "discriminator")


class SelfAttention(nn.Module):
    """x + gamma * attention(x): where a position looks, and how much it takes from there.

    Queries and keys have C/8 channels, values C; gamma starts at 0, so that a new layer changes nothing.

    Raises:
        UserError: fewer than 8 channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels < 8:
            raise UserError(
                f"self-attention needs 8 channels, not {channels}: leave this position out, or widen ngf or ndf"
            )
        self.gamma = nn.Parameter(torch.zeros(1))
        self.query_conv, self.key_conv = nn.Conv2d(channels, channels // 8, 1), nn.Conv2d(channels, channels // 8, 1)
        self.value_conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        parts = (layer(x).flatten(2) for layer in (self.query_conv, self.key_conv, self.value_conv))
        y: Tensor = _Attend.apply(x.flatten(2), *parts, self.gamma)
        return y.view_as(x)

    def weights(self, x: Tensor, row: int, column: int) -> Tensor:
        """Where the position (row, column) of x (N, C, H, W) looks: (N, H, W), each sample's sum 1."""
        query = self.query_conv(x)[:, :, row, column]
        energy = torch.einsum("nc,nchw->nhw", query, self.key_conv(x))
        return energy.flatten(1).softmax(dim=1).view_as(energy)


def places(attention: Attention, part: str, count: int) -> list[int]:
    """Which of a part's ``count`` places have self-attention.

    Raises:
        UserError: an unknown arrangement or part, or a place that is not there.
    """
    if isinstance(attention, str):
        if attention not in ARRANGEMENTS:
            raise UserError(f"there is no arrangement of attention {attention!r}{nearest(attention, ARRANGEMENTS)}")
        return list(range(count))[ARRANGEMENTS[attention].get(part, slice(0))]
    for name in attention:
        if name not in PARTS:
            raise UserError(f"attention has no part {name!r}{nearest(name, PARTS)}")
    chosen = sorted(attention.get(part, ()))
    if any(not 0 <= place < count for place in chosen):
        raise UserError(f"model.attention.{part}={chosen}: the {part} has the places 0 to {count - 1}")
    return chosen


def attend(channels: int, here: bool) -> list[nn.Module]:
    """A layer of self-attention, or none."""
    return [SelfAttention(channels)] if here else []


class _Attend(torch.autograd.Function):
    """x + gamma * value softmax(key^T query), a chunk of queries at a time; the backward pass makes chunks anew.

    All of (N, c, P). Fused kernels take no values wider than keys, and would repeat the products for each slice.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, query: Tensor, key: Tensor, value: Tensor, gamma: Tensor) -> Tensor:
        ctx.save_for_backward(query, key, value, gamma)
        y = x.clone(memory_format=torch.contiguous_format)
        for here in _chunks(query):
            y[..., here] += gamma * (value @ _attention(key, query[..., here]).to(value.dtype))
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, ...]:
        query, key, value, gamma = ctx.saved_tensors
        dquery, dkey, dvalue = torch.empty_like(query), torch.zeros_like(key), torch.zeros_like(value)
        dgamma = torch.zeros_like(gamma)
        for here in _chunks(query):
            near = dy[..., here].to(value.dtype)
            attention = _attention(key, query[..., here])
            dattention = attention * (value.mT @ near)  # of the sum before gamma, times attention
            mean = dattention.sum(dim=1, keepdim=True)
            dgamma += mean.sum()
            dvalue.baddbmm_(near, attention.to(value.dtype).mT)
            denergy = dattention.addcmul_(attention, mean, value=-1).mul_(gamma).to(key.dtype)
            dkey.baddbmm_(query[..., here], denergy.mT)
            dquery[..., here] = key @ denergy
        return dy, dquery, dkey, dvalue.mul_(gamma.to(dvalue.dtype)), dgamma


def _chunks(query: Tensor) -> list[slice]:
    images, _, positions = query.shape
    energies = min(max(ENERGIES, images * positions**2 // CHUNKS), MOST)
    size = max(1, energies // (images * positions))
    return [slice(start, start + size) for start in range(0, positions, size)]


def _attention(key: Tensor, query: Tensor) -> Tensor:
    """softmax over keys: (N, c, P), (N, c, Q) -> (N, P, Q) in float32 or float64."""
    energy = key.mT @ query
    return (energy if energy.dtype == torch.float64 else energy.float()).softmax(dim=1)
