"""UNIT: Unsupervised Image-to-Image Translation Networks (Liu, Breuel, Kautz; NIPS 2017).

https://arxiv.org/abs/1703.00848

    min_{E, G} max_D  L_VAE + L_GAN + L_CC,   z_a = E_a(x_a) + n,  n ~ N(0, I),   x_a -> b:  G_b(z_a)     (eq. 2 to 7)

The code is its mean: unit variance, no head for another. Reference: the authors' code since 2018, NVlabs/MUNIT @
a82e222b (``UNIT_Trainer``) and mingyuliutw/UNIT @ 28d59829, in which no layer is shared between the domains and a "KL"
term is the mean of squares. ``shared_blocks`` shares layers as the paper does (sec. 3), without a claim to its numbers.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.init import Initialisation, Kaiming, Normal
from gan_zoo.layers.norm import merges_images
from gan_zoo.layers.pad import any_size
from gan_zoo.layers.passes import passes
from gan_zoo.losses.adversarial import Adversarial, LeastSquares, flat, summed
from gan_zoo.losses.perceptual import domain_invariant
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import AutoEncoder, StridedPatch
from gan_zoo.networks.vgg import VGG16
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.pretrained import Judge, Published
from gan_zoo.training.schedules import Halving, Schedule

DIRECTIONS = (("a", "b"), ("b", "a"))


class UNIT(GANModule):
    """One auto-encoder and one multi-scale discriminator a domain, and one space of codes for both domains.

    Args:
        generator: factory of an auto-encoder, called with its domain's channels.
        discriminator: factory, called with its domain's channels.
        lambda_adv, lambda_recon_x, lambda_kl: weights of GAN, reconstruction, and squared codes of real pictures.
        lambda_cycle, lambda_kl_cycle: of the way there and back, and of squared codes of translations.
        lambda_vgg: weight of the perceptual term between a picture and its translation; ``perceptual`` is its network.
        shared_blocks: residual blocks on either side of the code that both domains share; 1 in the paper.
        test_time_noise: add noise to the code when translating too, for random translations.
        share_passes: what may be one pass of a network is one.
        init, discriminator_init: how weights are drawn.
    """

    players = ("discriminator", "generator")
    directions = ("ab", "ba")
    seeded = True  # translate takes a seed

    def __init__(
        self,
        generator: Factory = AutoEncoder,
        discriminator: Factory = partial(MultiScale, n_scales=3, each=StridedPatch),
        adversarial: Adversarial = LeastSquares(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_adv: float = 1.0,
        lambda_recon_x: float = 10.0,
        lambda_kl: float = 0.01,
        lambda_cycle: float = 10.0,
        lambda_kl_cycle: float = 0.01,
        lambda_vgg: float = 0.0,
        perceptual: Published = VGG16(),
        shared_blocks: int = 0,
        test_time_noise: bool = False,
        share_passes: bool = True,
        init: Initialisation = Kaiming(norms=False),
        discriminator_init: Initialisation = Normal(0.02, norms=False),
        optimizer: OptimizerFactory = partial(Adam, lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Halving(every=100_000),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        self.channels, self.adversarial = dict(channels), adversarial
        coders: dict[str, Any] = {d: init(generator(channels[d])) for d in "ab"}
        coders["b"].share(coders["a"], shared_blocks)
        self.generator: Any = nn.ModuleDict(coders)
        self.discriminator = nn.ModuleDict({d: discriminator_init(init(discriminator(channels[d]))) for d in "ab"})
        self.lambda_adv, self.lambda_recon_x, self.lambda_kl = lambda_adv, lambda_recon_x, lambda_kl
        self.lambda_cycle, self.lambda_kl_cycle = lambda_cycle, lambda_kl_cycle
        self.test_time_noise, self.share_passes, self.lambda_vgg = test_time_noise, share_passes, lambda_vgg
        self.perceptual = Judge(perceptual, "train without the term: model.lambda_vgg=0")
        self.merges = share_passes and not merges_images(self.discriminator)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Discriminators, then generators against the updated ones, with noise of their own."""
        real = {d: batch[d] for d in "ab"}
        code = {d: self.generator[d].encoder(real[d]) for d in "ab"}
        if self.lambda_adv:
            noise = {d: self.draw(f"discriminator_noise_{d}", tuple(code[d].shape)) for d in "ab"}
            with torch.no_grad():
                fake = {t: self.generator[t].decoder(code[s] + noise[s]) for s, t in DIRECTIONS}
            self.minimize(self.discriminator_loss, real, fake, over="discriminator")
        noise = {d: self.draw(f"generator_noise_{d}", tuple(code[d].shape)) for d in "ab"}
        noise |= {f"fake_{t}": self.draw(f"fake_noise_{t}", tuple(code[s].shape)) for t, s in DIRECTIONS}
        self.minimize(self.generator_loss, real, code, noise, over="generator")

    def discriminator_loss(self, real: Images, fake: Images) -> Losses:
        """GAN terms on fakes and reals, summed over scales, not halved."""
        losses = Losses()
        for d, judge in self.discriminator.items():
            fake_score, real_score = passes(judge, fake[d], real[d], merged=self.merges)
            losses[f"fake_{d}"] = self.lambda_adv * summed(self.adversarial.fake, fake_score)
            losses[f"real_{d}"] = self.lambda_adv * summed(self.adversarial.real, real_score)
            losses.observed[f"accuracy_{d}"] = self.adversarial.accuracy(flat(real_score), flat(fake_score))
        return losses

    def generator_loss(self, real: Images, code: Images, noise: Images) -> Losses:
        """All terms of both directions; a term's letter is the domain of the real picture, or of the fake for adv.

        A term of weight 0 is left out, and so are the passes that only it needs.
        """
        losses, noisy = Losses(), {d: code[d] + noise[d] for d in "ab"}  # one noise for reconstruction and translation
        for s, t in DIRECTIONS:
            fake, *rec = self.decode(t, *([noisy[s], noisy[t]] if self.lambda_recon_x else [noisy[s]]))
            if self.lambda_adv:
                losses[f"adv_{t}"] = self.lambda_adv * summed(self.adversarial.generator, self.discriminator[t](fake))
            if self.lambda_recon_x:
                losses[f"recon_x_{t}"] = self.lambda_recon_x * (rec[0] - real[t]).abs().mean()
            if self.lambda_kl:
                losses[f"kl_{s}"] = self.lambda_kl * code[s].square().mean()
            if self.lambda_cycle or self.lambda_kl_cycle:
                again = self.generator[t].encoder(fake)
            if self.lambda_kl_cycle:
                losses[f"kl_cycle_{s}"] = self.lambda_kl_cycle * again.square().mean()
            if self.lambda_cycle:
                back = self.generator[s].decoder(again + noise[f"fake_{t}"])
                losses[f"cycle_{s}"] = self.lambda_cycle * (back - real[s]).abs().mean()
            if self.lambda_vgg:
                (seen,), (kept,) = self.perceptual(fake), self.perceptual(real[s])
                losses[f"vgg_{t}"] = self.lambda_vgg * domain_invariant(seen, kept)
        return losses

    def on_fit_start(self) -> None:
        """Have the weights of the perceptual term at hand, or say how to get them."""
        if self.lambda_vgg:
            self.perceptual.prepare(self)

    def decode(self, domain: str, *codes: Tensor) -> Sequence[Tensor]:
        """A picture (N, C, H, W) of a domain for each code, in one pass if all are alike."""
        return passes(self.generator[domain].decoder, *codes, merged=self.share_passes)

    def translate(self, images: Tensor, direction: str = "ab", seed: int | None = None) -> Tensor:
        """(N, C, H, W) -> (N, C', H, W), both in [-1, 1], any size.

        Without noise, unless ``test_time_noise``, or a ``seed`` of it is given (the same noise on every device).
        """
        if direction not in self.directions:
            raise UserError(f"UNIT translates {' or '.join(self.directions)}, not {direction}")
        source, target = (self.generator[d] for d in direction)

        def through(padded: Tensor) -> Tensor:
            code = source.encoder(padded)
            if seed is not None:
                code = code + torch.randn(code.shape, generator=torch.Generator().manual_seed(seed)).to(code)
            elif self.test_time_noise:
                code = code + torch.randn_like(code)
            out: Tensor = target.decoder(code)
            return out

        return any_size(through, images, source)

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error, of [-1, 1], of each domain's auto-encoder, and of going there and back."""
        pictures = self.visuals(batch)
        kinds = {"recon_x": "rec", "cycle": "cycle"}
        return {
            f"{kind}_{d}": (pictures[f"{p}_{d}"] - batch[d]).abs().mean() for kind, p in kinds.items() for d in "ab"
        }

    def visuals(self, batch: Batch) -> Images:
        """For both directions: input, reconstruction, translation, and what comes back."""
        pictures: Images = {}
        for s, t in DIRECTIONS:
            fake = self.translate(batch[s], s + t)
            pictures |= {f"real_{s}": batch[s], f"rec_{s}": self.reconstruct(batch[s], s), f"fake_{t}": fake}
            pictures[f"cycle_{s}"] = self.translate(fake, t + s)
        return pictures

    def reconstruct(self, images: Tensor, domain: str) -> Tensor:
        """A domain's pictures (N, C, H, W) through its own auto-encoder, without noise."""
        network = self.generator[domain]
        return any_size(lambda padded: network.decoder(network.encoder(padded)), images, network)
