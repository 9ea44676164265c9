"""StyleGAN: A Style-Based Generator Architecture for Generative Adversarial Networks (Karras et al., CVPR 2019).

https://arxiv.org/abs/1812.04948

    min_G  E[softplus(-D(G(z)))],   min_D  E[softplus(D(G(z)))] + E[softplus(-D(x))] + gamma / 2 E[|grad D(x)|^2]

the non-saturating game with R1 (appendix C; Mescheder et al. 2018). A mapping network makes a style w of a latent; each
layer of the synthesis network is steered by it; two latents share one picture in 9 of 10 batches (sec. 3.1).
Reference: NVlabs/stylegan @ 1e0d5c7 (``G_logistic_nonsaturating``, ``D_logistic_simplegp``). There the networks see
pictures repeated to full size: R1 is 4^floor(lod) times smaller there than on native pixels, and is divided by it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.layers.init import Initialisation, Untouched
from gan_zoo.layers.interpolation import linear
from gan_zoo.layers.latents import seeded
from gan_zoo.layers.modes import twice_differentiable
from gan_zoo.losses.adversarial import Adversarial, Vanilla
from gan_zoo.losses.penalties import slope
from gan_zoo.networks.progan import Discriminator
from gan_zoo.networks.stylegan import MIDDLE, Generator
from gan_zoo.training.ema import averaged, follow
from gan_zoo.training.growth import Growth
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.optimizers import TensorFlowAdam, lazily
from gan_zoo.training.phases import Phased
from gan_zoo.training.skipped import SkippedUpdates

Psi = float | Sequence[float] | None  # one number, or one for each layer
Cutoff = int | None


class StyleGAN(GANModule):
    """Mapping and synthesis, their running mean, and ProGAN's discriminator with blur; all grow.

    Args:
        generator, discriminator: factories, called with the full size and the channels of the pictures.
        resolution, channels: of the pictures; a power of two.
        gamma: weight of R1, twice.
        r1_interval: R1 comes in one of so many iterations, in an update of its own, times as many; 1 is the paper's.
        mixing: probability that a batch's pictures have two styles.
        mean_decay: of the mean of w, each time the generator runs in training.
        ema_kimg: thousands of images in which the generator's running mean forgets half; ``ema_decay``: its decay in
            an iteration instead.
        schedule: when to grow, and the rates.
    """

    players = ("discriminator", "generator")

    def __init__(
        self,
        generator: Factory = Generator,
        discriminator: Factory = partial(Discriminator, blurred=True),
        adversarial: Adversarial = Vanilla(),
        resolution: int = 1024,
        channels: int = 3,
        gamma: float = 10.0,
        r1_interval: int = 1,
        mixing: float = 0.9,
        mean_decay: float = 0.995,
        ema_kimg: float = 10.0,
        ema_decay: float | None = None,
        init: Initialisation = Untouched(),
        optimizer: OptimizerFactory = partial(TensorFlowAdam, lr=0.001, betas=(0.0, 0.99)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Phased = Growth(start=8),
    ) -> None:
        judges = lazily(optimizers.get("discriminator", optimizer), r1_interval if gamma else 1)
        super().__init__(optimizer, {**optimizers, "discriminator": judges}, schedule)
        self.finite = self.rank_local["skipped"] = SkippedUpdates()
        self.schedule: Phased = schedule
        self.adversarial, self.resolution = adversarial, resolution
        self.generator: Any = init(generator(resolution, channels))
        self.discriminator: Any = init(discriminator(resolution, channels))
        self.average: Any = averaged(self.generator)
        self.gamma, self.r1_interval, self.mixing, self.mean_decay = gamma, r1_interval, mixing, mean_decay
        self.ema_kimg, self.ema_decay = ema_kimg, ema_decay

    @property
    def lod(self) -> float:
        """The level of detail now."""
        return self.schedule.now(self)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """The running mean follows; then the discriminator, then the generator against the updated one."""
        real, lod, iteration = batch["image"], self.lod, self.global_step
        if self.schedule.begins(lod):
            self.renew(*self.players)
        decay = 0.5 ** (self.images_of_iteration / (1000 * self.ema_kimg)) if self.ema_decay is None else self.ema_decay
        follow(self.average, self.generator, decay)
        with torch.no_grad():
            fake = self.generate("discriminator", len(real), lod)
        self.minimize(self.discriminator_loss, real, fake, lod, over="discriminator")
        if self.gamma and self.r1_interval > 1 and iteration % self.r1_interval == 0:
            self.minimize(self.r1_loss, real, lod, over="discriminator")
        self.minimize(self.generator_loss, len(real), lod, over="generator")

    def generate(self, player: str, count: int, lod: float) -> Tensor:
        """Pictures as a player's update sees them: two styles, fresh noise; the mean of w moves."""
        network = self.generator
        z, z2 = (self.draw(f"{player}_{name}", (count, network.mapping.latent_dim)) for name in ("z", "z2"))
        w = network.mapping(z)
        network.follow_mean(w, self.mean_decay)
        used = network.synthesis.layers - 2 * math.floor(lod)
        crossover = self.crossover(player, used)
        styles = network.spread(w, network.mapping(z2), crossover) if crossover < used else network.spread(w)
        shapes = network.synthesis.noise_shapes(count)[:used]
        noise = [shape and self.draw(f"{player}_noise_{i}", shape) for i, shape in enumerate(shapes)]
        pictures: Tensor = network.synthesis(styles, noise, lod)
        return pictures

    def crossover(self, player: str, used: int) -> int:
        """The first layer with the second style, 1 to ``used`` - 1, the same on all devices; ``used`` is none."""
        chance, place = self.chance(f"{player}_mixing"), self.chance(f"{player}_crossover")
        return 1 + int(place * (used - 1)) if chance < self.mixing else used

    def discriminator_loss(self, real: Tensor, fake: Tensor, lod: float) -> Losses:
        """GAN terms and, unless it is lazy, R1 of the very scores that the reals' term is made of."""
        fake_score, always = self.discriminator(fake, lod), self.gamma and self.r1_interval == 1
        real_score, r1 = self.regularised(real, lod) if always else (self.discriminator(real, lod), {})
        losses = Losses({"real": self.adversarial.real(real_score), "fake": self.adversarial.fake(fake_score)} | r1)
        losses.observed["accuracy"] = self.adversarial.accuracy(real_score, fake_score)
        return losses

    def r1_loss(self, real: Tensor, lod: float) -> Losses:
        """R1 alone, in an update of its own."""
        return Losses(self.regularised(real, lod)[1])

    def regularised(self, real: Tensor, lod: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores of reals, and R1 of them as on full-size pictures, times the iterations that it is to last for."""
        with twice_differentiable(real.device):
            seen = real.detach().requires_grad_(True)
            score = self.discriminator(seen, lod)
            r1 = slope(score, seen).square().sum(dim=(1, 2, 3)).mean() / 4 ** math.floor(lod)
        return score, {"r1": 0.5 * self.gamma * self.r1_interval * r1}

    def generator_loss(self, count: int, lod: float) -> Losses:
        """The GAN term of new pictures."""
        score = self.discriminator(self.generate("generator", count, lod), lod)
        return Losses({"adv": self.adversarial.generator(score)})

    def sample(self, count: int, seed: int = 0, psi: Psi = 0.7, cutoff: Cutoff = 8, noise: bool = True) -> Tensor:
        """Pictures (count, C, 2^k, 2^k) of as many seeds from ``seed`` on, in about [-1, 1]: of ``codes``, painted."""
        return self.paint(self.codes(range(seed, seed + count), psi, cutoff), noise)

    def mix(
        self, rows: Sequence[int], columns: Sequence[int], layers: slice = MIDDLE, psi: Psi = 0.7, cutoff: Cutoff = 8
    ) -> Tensor:
        """Pictures (R, C, channels, 2^k, 2^k): of each row's seed, with the styles of each column's in ``layers``."""
        styles = self.average.mixed(self.codes(rows, psi, cutoff), self.codes(columns, psi, cutoff), layers)
        pictures = self.paint(styles.flatten(0, 1))
        return pictures.view(*styles.shape[:2], *pictures.shape[1:])

    @torch.no_grad()
    def codes(self, seeds: Iterable[int], psi: Psi = 0.7, cutoff: Cutoff = 8, labels: Tensor | None = None) -> Tensor:
        """Styles (N, layers, D) of seeds' latents by the running mean, truncated: see ``Generator.truncated``."""
        z = seeded(seeds, self.average.mapping.latent_dim).to(self.average.mean_w)
        styles: Tensor = self.average.truncated(self.average.spread(self.average.mapping(z, labels)), psi, cutoff)
        return styles

    @torch.no_grad()
    def paint(self, codes: Tensor, noise: bool = True) -> Tensor:
        """Styles to pictures at the present level of detail by the running mean, with its stored noise or none."""
        network = self.average.synthesis
        planes = network.stored_noise() if noise else [None] * network.layers
        pictures: Tensor = network(codes, planes, self.lod)
        return pictures

    def interpolate(self, first: Tensor, second: Tensor, count: int) -> Tensor:
        """``count`` styles (count, layers, D) on the straight way between two, both (layers, D) included."""
        return linear(first.flatten(), second.flatten(), count).view(count, *first.shape)

    def mean_w(self, count: int = 10_000, seed: int = 0) -> Tensor:
        """Measure, keep and give the mean of w (D,) that truncation needs: for weights that bring none."""
        z = torch.randn(count, self.average.mapping.latent_dim, generator=torch.Generator().manual_seed(seed))
        mean: Tensor = self.average.take_mean(z.to(self.average.mean_w))
        return mean

    def visuals(self, batch: Batch) -> Images:
        """Real pictures, and samples of the same latents each time, their pixels repeated to the reals' size."""
        made = self.sample(len(batch["image"]), psi=None).clamp(-1, 1)
        return {"real": batch["image"], "sample": F.interpolate(made, batch["image"].shape[-2:])}
