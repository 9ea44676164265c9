"""How label maps, instance maps and photos become pictures and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_zoo.data.maps import ReadMap
from gan_zoo.data.views import Plain, View
from gan_zoo.errors import UserError, nearest

ALSO = {"a": "label", "b": "image"}  # the two ends of a translation, as other data call them


class Labels:
    """Label maps in a fixed palette, instance maps as outlines, pictures as they are.

    ``labels``: the number of classes; ``channels``: of "image" and "feature"; ``names``: ids by the classes' names;
    ``void``, ``palette``: how label maps are read, see ``gan_zoo.data.maps.ReadMap``.
    """

    def __init__(
        self,
        labels: int,
        channels: Mapping[str, int] | None = None,
        names: Mapping[str, int] | None = None,
        void: int | None = None,
        palette: str | None = None,
    ) -> None:
        self.labels, self.names = int(labels), {str(name): int(number) for name, number in (names or {}).items()}
        self.plain = Plain({"image": 3, "feature": 3, **(channels or {})})
        self.readers = {"label": ReadMap(self.labels, void, palette), "instance": ReadMap(palette=palette)}

    def config(self) -> dict[str, Any]:
        """Plain containers."""
        label = self.readers["label"]
        rest = {"names": dict(self.names), "void": label.void, "palette": label.palette}
        return {"kind": "labels", "labels": self.labels, "channels": dict(self.plain.channels), **rest}

    def pictures(self, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Maps of ids and pictures, see ``with_maps``."""
        return with_maps(self.plain, tensors, batch)

    def read(self, path: str | Path, domain: str) -> Tensor:
        """A file as 1 1 H W int64 ("label", "instance") or 1 C H W in [-1, 1] ("image", "feature").

        "a" and "b" are label map and photo. Raises ``UserError``.
        """
        part = ALSO.get(domain, domain)
        if part not in self.readers:
            return self.plain.read(path, part)
        ids = self.readers[part](Path(path))
        return torch.from_numpy(np.asarray(ids).astype(np.int64))[None, None]

    def write(self, image: Tensor, source: Tensor, domain: str) -> Image.Image:
        """A picture; ids (whole numbers) as 8-bit gray, or 16-bit where they need it."""
        if image.is_floating_point():
            return self.plain.write(image, source, ALSO.get(domain, domain))
        ids = (image[0] if image.ndim == 4 else image)[0].detach().cpu().numpy()
        return Image.fromarray(ids.astype(np.uint8 if ids.max() < 256 else np.uint16))

    def id_of(self, text: str) -> int:
        """The id that a class's name or a typed number means. Raises ``UserError`` with the nearest names."""
        if text in self.names:
            return self.names[text]
        if text.isdecimal() and int(text) < self.labels:
            return int(text)
        known = nearest(text, self.names) if self.names else ": ids are numbers here, no names are known"
        raise UserError(f"{text!r} is neither a class nor an id in 0..{self.labels - 1}{known}")


def with_maps(view: View, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Named images as uint8 N 3 H W: those of whole numbers (N 1 H W) by their ids, all others by ``view``.

    They are label maps, or instance maps where their name ends in "instance".
    """
    maps = {name: images for name, images in tensors.items() if not images.is_floating_point()}
    shown = {name: outlines(ids) if name.endswith("instance") else coloured(ids) for name, ids in maps.items()}
    shown |= view.pictures({name: images for name, images in tensors.items() if name not in maps}, batch)
    return {name: shown[name] for name in tensors}


def coloured(ids: Tensor) -> Tensor:
    """N 1 H W ids to uint8 N 3 H W: PASCAL VOC's palette, whose first 2^24 colours are all different; 0 is black.

    Bits 0, 3, 6, ... of an id are the highest bits of red, bits 1, 4, 7, ... of green, bits 2, 5, 8, ... of blue.
    """
    channels = []
    for first in range(3):
        value = torch.zeros_like(ids)
        for step in range(8):
            value |= ((ids >> (first + 3 * step)) & 1) << (7 - step)
        channels.append(value)
    return torch.cat(channels, dim=1).to(torch.uint8)


def outlines(ids: Tensor) -> Tensor:
    """N 1 H W ids to uint8 N 3 H W: white where the right or the lower neighbour belongs to something else."""
    lines = torch.zeros_like(ids, dtype=torch.bool)
    lines[..., :-1] |= ids[..., :-1] != ids[..., 1:]
    lines[..., :-1, :] |= ids[..., :-1, :] != ids[..., 1:, :]
    return (lines.to(torch.uint8) * 255).expand(-1, 3, -1, -1)
