"""Maps of where a network looks, as colours over a picture."""

import torch
import torch.nn.functional as F
from torch import Tensor

# Blue, cyan, yellow, red from least to most, in [-1, 1].
_COLOURS = torch.tensor([[-1.0, -1.0, 0.2], [-1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, -1.0]])


def scaled(heat: Tensor) -> Tensor:
    """Each map (N, h, w) from its least to its greatest value as 0 to 1; a constant map is 0."""
    flat = heat.detach().float().flatten(1)
    least, most = flat.amin(dim=1, keepdim=True), flat.amax(dim=1, keepdim=True)
    spread = most - least
    return ((flat - least) / spread.where(spread > 0, torch.ones_like(spread))).view_as(heat)


def coloured(heat: Tensor) -> Tensor:
    """Maps (N, h, w) in [0, 1] as pictures (N, 3, h, w) in [-1, 1], from blue over cyan and yellow to red."""
    colours = _COLOURS.to(heat)
    place = heat.clamp(0, 1) * (len(colours) - 1)
    below = place.floor().long().clamp(max=len(colours) - 2)
    mixed = torch.lerp(colours[below], colours[below + 1], (place - below)[..., None])
    return mixed.movedim(-1, 1)


def overlay(pictures: Tensor, heat: Tensor, opacity: float = 0.5) -> Tensor:
    """Maps (N, h, w) of any range over pictures (N, 1 or 3, H, W) in [-1, 1]: (N, 3, H, W) in [-1, 1]."""
    large = F.interpolate(scaled(heat)[:, None], pictures.shape[-2:], mode="bilinear", align_corners=False)
    base = pictures.detach().float()[:, :3].expand(-1, 3, -1, -1)
    return torch.lerp(base, coloured(large[:, 0]), opacity)
