"""ProGAN: Progressive Growing of GANs for Improved Quality, Stability, and Variation (Karras et al., ICLR 2018).

https://arxiv.org/abs/1710.10196

    min_G max_D  E[D(x)] - E[D(G(z))] - lambda E[(|grad D(x_mix)| - 1)^2] - eps E[D(x)^2]     (sec. 2 and appendix A.1)

Both networks grow from 4 px to the full size while they train; x_mix lies between a real and a fake picture.
Reference: tkarras/progressive_growing_of_gans @ 2504c3f (``G_wgan_acgan``, ``D_wgangp_acgan``). There networks see
pictures repeated to full size, with 2^floor(lod) times smaller norms of gradients: norms here are divided by it.
"""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.layers.init import Initialisation, Untouched
from gan_zoo.layers.interpolation import spherical
from gan_zoo.layers.latents import seeded
from gan_zoo.layers.modes import twice_differentiable
from gan_zoo.losses.adversarial import Adversarial, Wasserstein
from gan_zoo.losses.penalties import slope
from gan_zoo.networks.progan import Discriminator, Generator
from gan_zoo.training.ema import averaged, follow
from gan_zoo.training.growth import Growth
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.optimizers import TensorFlowAdam
from gan_zoo.training.phases import Phased
from gan_zoo.training.skipped import SkippedUpdates


class ProGAN(GANModule):
    """A generator of pictures from latents, its running mean, and a discriminator; all grow.

    Args:
        generator, discriminator: factories, called with the full size and the channels of the pictures.
        resolution, channels: of the pictures; a power of two.
        labels: classes, which the generator is told and the discriminator tells (AC-GAN, Odena et al. 2017); 0 is none.
        lambda_gp, target: weight and aim of the gradients' norms.
        drift: weight of the squared scores of reals.
        lambda_class: weight of the class terms.
        ema_decay: of the generator's running mean, an iteration.
        schedule: when to grow, and the rates.
    """

    players = ("discriminator", "generator")

    def __init__(
        self,
        generator: Factory = Generator,
        discriminator: Factory = Discriminator,
        adversarial: Adversarial = Wasserstein(),
        resolution: int = 1024,
        channels: int = 3,
        labels: int = 0,
        lambda_gp: float = 10.0,
        target: float = 1.0,
        drift: float = 0.001,
        lambda_class: float = 1.0,
        ema_decay: float = 0.999,
        init: Initialisation = Untouched(),
        optimizer: OptimizerFactory = partial(TensorFlowAdam, lr=0.001, betas=(0.0, 0.99)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Phased = Growth(),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        self.finite = self.rank_local["skipped"] = SkippedUpdates()
        self.schedule: Phased = schedule
        self.adversarial, self.resolution, self.labels = adversarial, resolution, labels
        self.generator: Any = init(generator(resolution, channels, labels=labels))
        self.discriminator: Any = init(discriminator(resolution, channels, outputs=1 + labels))
        self.average: Any = averaged(self.generator)
        self.lambda_gp, self.target, self.drift = lambda_gp, target, drift
        self.lambda_class, self.ema_decay = lambda_class, ema_decay

    @property
    def lod(self) -> float:
        """The level of detail now."""
        return self.schedule.now(self)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """The running mean follows; then the discriminator, then the generator against the updated one."""
        real, lod = batch["image"], self.lod
        if self.schedule.begins(lod):
            self.renew(*self.players)
        follow(self.average, self.generator, self.ema_decay)
        labels = self.one_hot(batch)
        with torch.no_grad():
            fake = self.generator(self.latents("discriminator_z", len(real)), lod, labels)
        mixing = self.uniform("mixing", (len(real), 1))
        self.minimize(self.discriminator_loss, real, fake, mixing, labels, lod, over="discriminator")
        self.minimize(self.generator_loss, self.latents("generator_z", len(real)), labels, lod, over="generator")

    def discriminator_loss(
        self, real: Tensor, fake: Tensor, mixing: Tensor, labels: Tensor | None, lod: float
    ) -> Losses:
        """GAN terms, gradient penalty, drift, class terms; ``mixing`` (N, 1) is the share of the fakes."""
        real_out, fake_out = self.discriminator(real, lod), self.discriminator(fake, lod)
        real_score, fake_score = real_out[:, 0], fake_out[:, 0]
        losses = Losses({"real": self.adversarial.real(real_score), "fake": self.adversarial.fake(fake_score)})
        penalty = (self.mixed_norm(real, fake, mixing, lod) - self.target).square().mean()
        losses["gp"] = self.lambda_gp / self.target**2 * penalty
        losses["drift"] = self.drift * real_score.square().mean()
        if labels is not None:
            both = F.cross_entropy(real_out[:, 1:], labels) + F.cross_entropy(fake_out[:, 1:], labels)
            losses["class"] = self.lambda_class * both
        losses.observed["accuracy"] = self.adversarial.accuracy(real_score, fake_score)
        return losses

    def mixed_norm(self, real: Tensor, fake: Tensor, mixing: Tensor, lod: float) -> Tensor:
        """(N,): length of the score's gradient at pictures between real and fake, as on full-size pictures."""
        mixed = torch.lerp(real, fake, mixing.to(real).view(-1, 1, 1, 1)).requires_grad_(True)
        with twice_differentiable(real.device):
            gradient = slope(self.discriminator(mixed, lod)[:, 0], mixed)
            norm: Tensor = gradient.flatten(1).norm(dim=1) / 2 ** math.floor(lod)
        return norm

    def generator_loss(self, z: Tensor, labels: Tensor | None, lod: float) -> Losses:
        """GAN term, and the class that the fakes were to be of."""
        out = self.discriminator(self.generator(z, lod, labels), lod)
        losses = Losses({"adv": self.adversarial.generator(out[:, 0])})
        if labels is not None:
            losses["class"] = self.lambda_class * F.cross_entropy(out[:, 1:], labels)
        return losses

    def latents(self, name: str, count: int) -> Tensor:
        """(count, latent_dim) standard normals."""
        return self.draw(name, (count, self.generator.latent_dim))

    def one_hot(self, batch: Batch) -> Tensor | None:
        """The classes of a batch's pictures, (N, labels), if the model looks at them."""
        return F.one_hot(batch["class"], self.labels).to(batch["image"]) if self.labels else None

    @torch.no_grad()
    def sample(self, count: int, seed: int = 0, labels: Tensor | None = None) -> Tensor:
        """Pictures (count, C, 2^k, 2^k) of as many seeds from ``seed`` on, in about [-1, 1]: see ``paint``."""
        return self.paint(self.codes(range(seed, seed + count)), labels)

    def codes(self, seeds: Iterable[int]) -> Tensor:
        """Latents (N, latent_dim) of seeds."""
        return seeded(seeds, self.generator.latent_dim).to(self.average.dense.weight)

    @torch.no_grad()
    def paint(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Latents, and one-hot classes where there are any, to pictures by the running mean at the present level."""
        pictures: Tensor = self.average(codes, self.lod, labels)
        return pictures

    def interpolate(self, first: Tensor, second: Tensor, count: int) -> Tensor:
        """``count`` latents (count, latent_dim) on the arc between two, both included."""
        return spherical(first, second, count)

    def visuals(self, batch: Batch) -> Images:
        """Real pictures, and samples of the same latents each time, their pixels repeated to the reals' size."""
        made = self.sample(len(batch["image"]), labels=self.one_hot(batch)).clamp(-1, 1)
        return {"real": batch["image"], "sample": F.interpolate(made, batch["image"].shape[-2:])}
