"""The games that generators and discriminators play: each side's loss, and how often the discriminator is right.

All scores are a discriminator's raw outputs (logits) of any shape; each loss is their mean, a scalar.
Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2, ``GANLoss``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


def summed(loss: Callable[[Tensor], Tensor], scores: Sequence[Tensor]) -> Tensor:
    """The loss of each scale's scores, added up: () scalar."""
    return torch.stack([loss(score) for score in scores]).sum()


def flat(scores: Sequence[Tensor]) -> Tensor:
    """All scores of all scales in one row, for ``accuracy``."""
    return torch.cat([score.detach().flatten() for score in scores])


@dataclass(frozen=True)
class Adversarial:
    """What a generator minimises on its fakes, and a discriminator on reals and on fakes.

    ``boundary`` is the score above which the discriminator says "real".
    """

    boundary = 0.0

    def real(self, score: Tensor) -> Tensor:
        """The discriminator's loss on real images: () scalar."""
        raise NotImplementedError(f"{type(self).__name__} must define the loss on reals")

    def fake(self, score: Tensor) -> Tensor:
        """The discriminator's loss on generated images: () scalar."""
        raise NotImplementedError(f"{type(self).__name__} must define the loss on fakes")

    def generator(self, score: Tensor) -> Tensor:
        """The generator's loss: its fakes are to be taken for real: () scalar."""
        return self.real(score)

    def accuracy(self, real: Tensor, fake: Tensor) -> Tensor:
        """Share of patches that the discriminator judges right, in [0, 1]; 0.5 is a draw."""
        right = (real.detach() > self.boundary).float().mean() + (fake.detach() <= self.boundary).float().mean()
        return 0.5 * right


@dataclass(frozen=True)
class Vanilla(Adversarial):
    """Binary cross entropy on logits, non-saturating for the generator (Goodfellow et al. 2014)."""

    def real(self, score: Tensor) -> Tensor:
        """-log sigmoid(score)."""
        return F.binary_cross_entropy_with_logits(score, torch.ones_like(score))

    def fake(self, score: Tensor) -> Tensor:
        """-log(1 - sigmoid(score))."""
        return F.binary_cross_entropy_with_logits(score, torch.zeros_like(score))


@dataclass(frozen=True)
class LeastSquares(Adversarial):
    """Squared distance to 1 for real and 0 for fake (Mao et al. 2017)."""

    boundary = 0.5

    def real(self, score: Tensor) -> Tensor:
        """(score - 1)^2."""
        return (score - 1).square().mean()

    def fake(self, score: Tensor) -> Tensor:
        """score^2."""
        return score.square().mean()


@dataclass(frozen=True)
class Wasserstein(Adversarial):
    """Minus the mean score of reals, plus that of fakes (Arjovsky et al. 2017).

    It needs a Lipschitz critic: set ``lambda_gp``. The reference's ``wgangp`` trains without any penalty.
    """

    def real(self, score: Tensor) -> Tensor:
        """-score."""
        return -score.mean()

    def fake(self, score: Tensor) -> Tensor:
        """+score."""
        return score.mean()
