"""How tensors become pictures and back, described by plain containers so that a checkpoint can hold it.

``from_config(view.config())`` is the view again. A view knows its data's own channels (``plain``: gray, RGB, any
number; ``holes``: pictures with missing pixels; ``lab``: lightness and colour; ``labels``: maps of ids), and at how
many bits pictures are written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_zoo.data.color import lab_tensors, lab_to_rgb
from gan_zoo.data.images import read, with_channels
from gan_zoo.data.transforms import to_tensor, to_uint8
from gan_zoo.errors import UserError


class View(Protocol):
    """Pictures of one kind of data."""

    def config(self) -> dict[str, Any]:
        """Plain containers that ``from_config`` turns into this view."""

    def pictures(self, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Named images N C H W in [-1, 1] as uint8 N 3 H W, for looking at; ``batch``: what they were made from."""

    def read(self, path: str | Path, domain: str) -> Tensor:
        """A picture file as an image of domain "a" or "b": 1 C H W in [-1, 1], at its own size. Raises
        ``UserError``."""

    def write(self, image: Tensor, source: Tensor, domain: str) -> Image.Image:
        """An image (1 C H W or C H W in [-1, 1]) of a domain as a picture; ``source``: what it was translated from."""


class Plain:
    """Gray (1 channel), RGB (3), RGBA (4) or n channels, in [-1, 1]. ``bits``: 8 or 16 per domain, as in the files."""

    def __init__(self, channels: Mapping[str, int], bits: Mapping[str, int] | None = None) -> None:
        self.channels = {name: int(count) for name, count in channels.items()}
        self.bits = {name: int((bits or {}).get(name, 8)) for name in self.channels}

    def config(self) -> dict[str, Any]:  # noqa: D102
        return {"kind": "plain", "channels": dict(self.channels), "bits": dict(self.bits)}

    def pictures(self, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Gray is repeated; of n channels the first three are shown (the third is black where there are two)."""
        return {name: to_uint8(_three(images)) for name, images in tensors.items()}

    def read(self, path: str | Path, domain: str) -> Tensor:  # noqa: D102
        try:
            return to_tensor(with_channels(read(path), self.channels[domain]))[None]
        except UserError as error:
            raise error if str(path) in str(error) else UserError(f"{path}: {error}") from None

    def write(self, image: Tensor, source: Tensor, domain: str) -> Image.Image:
        """Rounded to 8 bits, or 16 where the domain is 16-bit gray. Raises ``UserError`` for more than 4 channels."""
        pixels = (image[0] if image.ndim == 4 else image).detach().cpu().float()
        if len(pixels) not in (1, 2, 3, 4):
            raise UserError(f"{len(pixels)} channels cannot be written as a picture: use translate() in Python")
        if self.bits.get(domain, 8) > 8 and len(pixels) == 1:
            deep = ((pixels[0].clamp(-1, 1).double() + 1) * 32767.5).round().numpy().astype(np.uint16)
            return Image.fromarray(deep)
        array = to_uint8(pixels).permute(1, 2, 0).numpy()
        return Image.fromarray(array[:, :, 0] if len(pixels) == 1 else np.ascontiguousarray(array))


class Holes(Plain):
    """Pictures with holes (a, its last channel -1 there) and without (b): known pixels are shown as they were."""

    def config(self) -> dict[str, Any]:  # noqa: D102
        return super().config() | {"kind": "holes"}

    def read(self, path: str | Path, domain: str) -> Tensor:
        """Of domain "a": what is not wholly opaque is missing, and gray (0) as in training, whatever lies under it."""
        picture = super().read(path, domain)
        if domain != "a":
            return picture
        alpha = torch.where(picture[:, -1:] >= 1, 1.0, -1.0)
        return torch.cat([picture[:, :-1].where(alpha > 0, 0.0), alpha], dim=1)

    def pictures(self, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pictures of ``b`` are put into the holes of ``batch["a"]`` only."""
        whole, holed = self.channels["b"], batch["a"].detach().float()
        shown = {name: images.detach().float()[:, :whole] for name, images in tensors.items()}
        filled = {name: self._fill(images, holed[: len(images)]) for name, images in shown.items()}
        return super().pictures(filled, batch)

    def write(self, image: Tensor, source: Tensor, domain: str) -> Image.Image:
        """With the source's own pixels outside its holes."""
        images, sources = (tensor if tensor.ndim == 4 else tensor[None] for tensor in (image, source))
        return super().write(self._fill(images.detach().cpu().float(), sources.detach().cpu().float()), source, domain)

    @staticmethod
    def _fill(images: Tensor, holed: Tensor) -> Tensor:
        return torch.where(holed[:, -1:] > 0, holed[:, : images.shape[1]], images)


class Lab:
    """Lightness (a, 1 channel), colour (b, 2 channels): seen as RGB, colour with its batch's lightness."""

    def config(self) -> dict[str, Any]:  # noqa: D102
        return {"kind": "lab"}

    def pictures(self, tensors: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Lightness alone is gray; colour (2 channels) is recombined with ``batch["a"]``."""
        lightness = batch["a"].detach()
        return {name: _rgb(images.detach(), lightness[: len(images)]) for name, images in tensors.items()}

    def read(self, path: str | Path, domain: str) -> Tensor:  # noqa: D102
        picture = read(path)
        if not isinstance(picture, Image.Image):
            deep = with_channels(picture, 3)
            picture = Image.fromarray(np.round(np.asarray(deep) * 255).astype(np.uint8))
        lightness, chroma = lab_tensors(np.asarray(picture.convert("RGB")))
        return {"a": lightness, "b": chroma}[domain][None]

    def write(self, image: Tensor, source: Tensor, domain: str) -> Image.Image:
        """Colour with the source's lightness, as RGB; lightness alone as gray."""
        images, sources = (tensor if tensor.ndim == 4 else tensor[None] for tensor in (image, source))
        rgb = _rgb(images.detach().cpu(), sources.detach().cpu())
        return Image.fromarray(np.ascontiguousarray(rgb[0].permute(1, 2, 0).numpy()))


VIEWS: dict[str, type[Plain] | type[Lab]] = {"plain": Plain, "holes": Holes, "lab": Lab}


def from_config(config: Mapping[str, Any]) -> View:
    """The view that ``config()`` described. Raises ``UserError`` for a kind that is not known."""
    from gan_zoo.data.views_labels import Labels  # which is made of views of this file

    kinds: dict[str, type[Plain] | type[Lab] | type[Labels]] = {**VIEWS, "labels": Labels}
    kind = kinds.get(str(config.get("kind")))
    if kind is None:
        raise UserError(
            f"a view of kind {config.get('kind')!r} is not known here: written by a newer version of gan_zoo?"
        )
    return kind(**{key: value for key, value in config.items() if key != "kind"})


def _rgb(images: Tensor, lightness: Tensor) -> Tensor:
    """uint8 N 3 H W of colour (with lightness) or of lightness alone."""
    has_colour = images.shape[1] == 2
    chroma = images if has_colour else images.new_zeros(len(images), 2, *images.shape[2:])
    rgb = lab_to_rgb(lightness if has_colour else images, chroma)
    return rgb.round().clamp(0, 255).to(torch.uint8)


def _three(images: Tensor) -> Tensor:
    if images.shape[1] == 1:
        return images.expand(-1, 3, -1, -1)
    missing = max(0, 3 - images.shape[1])
    black = images.new_full((len(images), missing, *images.shape[2:]), -1)
    return torch.cat([images[:, :3], black], dim=1)
