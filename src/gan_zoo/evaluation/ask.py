"""What a model and data are asked for, whatever their kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.data.views import Plain
from gan_zoo.errors import UserError
from gan_zoo.layers.latents import seeded
from gan_zoo.metrics.protocol import Space

SAMPLES = "samples"  # the place of pictures that are made of nothing
ALSO = {"a": "label", "b": "image"}  # what data of label maps call the two ends


def translates(model: Any) -> bool:
    """Whether it turns pictures into others."""
    return bool(getattr(model, "directions", ()))


def places(model: Any) -> tuple[str, ...]:
    """The model's directions; ``samples`` where it makes pictures of nothing.

    Raises:
        UserError: it does neither.
    """
    if translates(model):
        return tuple(model.directions)
    if hasattr(model, "sample"):
        return (SAMPLES,)
    raise UserError(f"{type(model).__name__} neither translates nor samples: there is nothing to measure")


def domain(batch: Mapping[str, Any], name: str) -> str:
    """What a batch calls the domain a or b."""
    return name if name in batch else ALSO[name]


def translated(model: Any, batch: dict[str, Tensor], direction: str) -> Tensor:
    """A batch's translations (N, C, H, W) in [-1, 1], float32."""
    batch = fitting(model, batch)
    if direction == model.directions[0]:
        made: Tensor = model.predict_step(batch, 0)
    else:
        made = model.translate(batch[direction[0]], direction)
    return made.float()


def fitting(model: Any, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A batch in the precision of the model's weights."""
    dtype = next(model.parameters()).dtype
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in batch.items()}


def made(model: Any, numbers: Sequence[int], seed: int) -> Tensor:
    """Samples (N, C, S, S) in about [-1, 1] of these numbers: no truncation, fresh noise, random classes."""
    z = seeded([seed + number for number in numbers], latents(model)).to(_weights(model))
    if styled(model):
        network = model.average
        planes = _noise(network.synthesis, [seed + number for number in numbers], z)
        pictures: Tensor = network.synthesis(network.spread(network.mapping(z)), planes, model.lod)
    elif classes := getattr(model, "labels", 0):
        labels = F.one_hot(torch.tensor([number % classes for number in numbers], device=z.device), classes).to(z)
        pictures = model.paint(z, labels)
    else:
        pictures = model.paint(z)
    return pictures.float()


def styled(model: Any) -> bool:
    """Whether latents become styles first."""
    return hasattr(getattr(model, "average", None), "mapping")


def latents(model: Any) -> int:
    """Numbers in a latent."""
    return int(model.average.mapping.latent_dim if styled(model) else model.generator.latent_dim)


def _weights(model: Any) -> Tensor:
    weight: Tensor = next(model.average.parameters())
    return weight


def _noise(synthesis: Any, seeds: Sequence[int], like: Tensor) -> list[Tensor | None]:
    """Fresh noise of every noisy layer, one plane for each seed."""
    planes: list[Tensor | None] = []
    chances = [torch.Generator().manual_seed(seed) for seed in seeds]
    for stored in synthesis.stored_noise():
        shape = None if stored is None else stored.shape
        drawn = None if shape is None else torch.cat([torch.randn(shape, generator=chance) for chance in chances])
        planes.append(None if drawn is None else drawn.to(like))
    return planes


class Latents:
    """The latents z of a generator."""

    name = "z"

    def __init__(self, model: Any) -> None:
        self.model = model

    def codes(self, numbers: Sequence[int], seed: int) -> Tensor:
        """(N, D)."""
        return seeded([seed + number for number in numbers], latents(self.model)).to(_weights(self.model))

    def render(self, codes: Tensor) -> Tensor:
        """Pictures, by the running mean, one noise for all."""
        if not styled(self.model):
            pictures: Tensor = self.model.paint(codes)
            return pictures
        return self.painted(self.model.average.mapping(codes))

    def painted(self, styles: Tensor) -> Tensor:
        """Pictures of styles (N, D)."""
        network = self.model.average
        noise = torch.randint(2**31, ()).item()  # of the caller's seed
        planes = _noise(network.synthesis, [int(noise)], styles)
        pictures: Tensor = network.synthesis(network.spread(styles), planes, self.model.lod)
        return pictures


class Styles(Latents):
    """The styles w."""

    name = "w"

    def codes(self, numbers: Sequence[int], seed: int) -> Tensor:
        """(N, D)."""
        styles: Tensor = self.model.average.mapping(super().codes(numbers, seed))
        return styles

    def render(self, codes: Tensor) -> Tensor:
        """Pictures."""
        return self.painted(codes)


def spaces(model: Any) -> list[Space]:
    """The model's latent spaces.

    Raises:
        UserError: it has none.
    """
    if translates(model) or not hasattr(model, "paint"):
        raise UserError(f"{type(model).__name__} has no latent space of pictures")
    return [Latents(model), Styles(model)] if styled(model) else [Latents(model)]


def paired(data: Any) -> bool:
    """Whether what stands at equal positions belongs together."""
    own = getattr(data, "paired", None)
    return bool(getattr(getattr(data, "kind", None), "paired", False) if own is None else own)


def counts(images: Any) -> dict[str, int]:
    """Pictures of each domain of a split."""
    domains = getattr(images, "domains", None)
    if domains:
        return {name: len(one.sources) for name, one in domains.items()}
    return dict.fromkeys(images[0], len(images))


def shown(data: Any, name: str, pictures: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """uint8 (N, 3, H, W): as the data's own view shows them; ``batch``: what they were made from."""
    view = getattr(data, "view", None) or Plain({name: pictures.shape[1]})
    seen: Tensor = view.pictures({name: pictures.clamp(-1, 1)}, batch)[name]
    return seen
