"""Measures of a latent space: perceptual path length and linear separability (Karras et al. 2019, sec. 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan_zoo.metrics.path_length import face_crop, lerp, path_distances, path_length, slerp
from gan_zoo.metrics.protocol import Found, Judge, OfSpaces, Space, Unmeasurable, chosen, enough
from gan_zoo.metrics.separability import separability

WAYS = {"z": slerp, "w": lerp}  # latents lie on a sphere, styles in a plane


@dataclass(frozen=True)
class PathLength(OfSpaces):
    """How far pictures move when their codes take a small step: lower is smoother.

    ``ppl_zfull``: anywhere on the way between two codes; ``ppl_zend``: at its ends; the same for w. ``crop``: faces as
    FFHQ has them; off for other pictures. The paper takes 100,000 samples.
    """

    judge: Judge
    samples: int = 10_000
    epsilon: float = 1e-4
    crop: bool = False

    def each(self, space: Space, numbers: Sequence[int], seed: int) -> dict[str, Tensor]:
        """``full`` and ``end``: distances (N,)."""
        first, second = (space.codes([2 * number + i for number in numbers], seed) for i in range(2))
        t = torch.stack([_uniform(number, seed) for number in numbers])
        how: dict[str, Any] = {"epsilon": self.epsilon, "crop": face_crop if self.crop else _whole}
        ways = {"full": t, "end": torch.zeros_like(t)}
        return {
            name: path_distances(first, second, place, WAYS[space.name], space.render, self._distance, **how)
            for name, place in ways.items()
        }

    def found(self, space: str, rows: Mapping[str, Tensor]) -> Found:
        """Both, without the outermost per cents."""
        enough("of samples it", len(next(iter(rows.values()))), 2)
        lengths = {name: float(path_length([distances.double()])) for name, distances in rows.items()}
        return Found({f"ppl_{space}{name}_{self.judge.name}": value for name, value in lengths.items()})

    def _distance(self, first: Tensor, second: Tensor) -> Tensor:
        distances: Tensor = self.judge(first, second)
        return distances


def _whole(pictures: Tensor) -> Tensor:
    return pictures


def _uniform(number: int, seed: int) -> Tensor:
    """Place t of a pair, a function of seed and number, so that ranks need not share a stream."""
    return torch.rand((), generator=torch.Generator().manual_seed(seed * 1_000_003 + number))


@dataclass(frozen=True)
class Separability(OfSpaces):
    """2^(entropy of attributes, given a plane's side): 1 where planes in the space tell all attributes apart.

    The judge gives an attribute's logit each, (N, A), positive for present. ``keep``: the share of samples that it is
    surest of. The paper takes 200,000 samples and 40 attributes.
    """

    judge: Judge | None = None
    layer: str = ""
    samples: int = 10_000
    keep: float = 0.5
    fewest: ClassVar[int] = 20

    def needed(self) -> Judge:
        """The judge.

        Raises:
            Unmeasurable: none was given.
        """
        if self.judge is None:
            raise Unmeasurable("it needs a classifier of attributes: judges.attributes._target_=MODULE.CLASS names one")
        return self.judge

    def each(self, space: Space, numbers: Sequence[int], seed: int) -> dict[str, Tensor]:
        """``codes`` (N, D) and ``logits`` (N, A)."""
        codes = space.codes(numbers, seed)
        pictures = ((space.render(codes).float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        return {"codes": codes, "logits": chosen(self.needed()(pictures), self.layer)}

    def found(self, space: str, rows: Mapping[str, Tensor]) -> Found:
        """One number."""
        enough("of samples it", len(rows["codes"]), self.fewest)
        keep = int(self.keep * len(rows["codes"]))
        value = float(separability(rows["codes"], rows["logits"].T, keep))
        name = f"separability_{space}_{self.needed().name}_{rows['logits'].shape[1]}"
        return Found({name: value}, {"kept": keep})
