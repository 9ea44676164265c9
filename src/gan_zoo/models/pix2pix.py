"""pix2pix: Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., CVPR 2017).

https://arxiv.org/abs/1611.07004

    G* = arg min_G max_D  E[log D(x, y)] + E[log(1 - D(x, G(x, z)))]  +  lambda E[|y - G(x, z)|_1]      (eq. 1, 3, 4)

z is dropout. The generator's term is -log D (sec. 3.3), the discriminator's objective is halved.
Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2 (``Pix2PixModel``). Where paper and reference differ, the
defaults are the reference's: rates fall linearly over another 100 epochs; the innermost level has no dropout.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.init import Initialisation, Normal
from gan_zoo.layers.modes import stochastic_inference
from gan_zoo.layers.norm import merges_images
from gan_zoo.layers.pad import any_size
from gan_zoo.layers.passes import passes
from gan_zoo.losses.adversarial import Adversarial, Vanilla
from gan_zoo.losses.penalties import gradient_penalty
from gan_zoo.metrics.image import paired_scores
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.unet import UNet
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.schedules import Linear, Schedule


class Pix2Pix(GANModule):
    """A generator a -> b and a discriminator of pairs.

    Args:
        generator: factory, called with the channels of a and b.
        discriminator: factory, called with the channels it sees.
        adversarial: the game; binary cross entropy in the paper.
        channels: of pictures a and b.
        lambda_l1: weight of |y - G(x)|.
        lambda_l2: weight of (y - G(x))^2, for the paper's ablation.
        lambda_adv: weight of the generator's adversarial term; at 0 there is no discriminator's update either.
        lambda_gp: weight of a gradient penalty on the discriminator; the reference applies none.
        conditional: whether the discriminator sees a too, in front of b (cGAN); else it sees b alone (GAN).
        test_time_noise: test with dropout and the picture's own batch statistics, as the paper does (sec. 3.4).
        share_passes: judge fake and real in one pass, where the discriminator's norm allows it.
        init: how weights are drawn.
        optimizer, optimizers, schedule: see ``GANModule``.
    """

    players = ("discriminator", "generator")
    directions = ("ab",)

    def __init__(
        self,
        generator: Factory = UNet,
        discriminator: Factory = PatchGAN,
        adversarial: Adversarial = Vanilla(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_l1: float = 100.0,
        lambda_l2: float = 0.0,
        lambda_adv: float = 1.0,
        lambda_gp: float = 0.0,
        conditional: bool = True,
        test_time_noise: bool = True,
        share_passes: bool = True,
        init: Initialisation = Normal(0.02),
        optimizer: OptimizerFactory = partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Linear(n_epochs=100, n_epochs_decay=100),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        if not lambda_l1 and not lambda_l2 and not lambda_adv:
            raise UserError("pix2pix has nothing to minimise: set model.lambda_adv, lambda_l1 or lambda_l2 above 0")
        self.channels, self.adversarial, self.conditional = dict(channels), adversarial, conditional
        self.generator = init(generator(channels["a"], channels["b"]))
        self.discriminator = init(discriminator(channels["b"] + (channels["a"] if conditional else 0)))
        self.lambda_l1, self.lambda_l2, self.lambda_adv, self.lambda_gp = lambda_l1, lambda_l2, lambda_adv, lambda_gp
        self.test_time_noise = test_time_noise
        self.share_passes = share_passes and not merges_images(self.discriminator)

    def translate(self, images: Tensor, direction: str = "ab") -> Tensor:
        """(N, C_a, H, W) -> (N, C_b, H, W), both in [-1, 1], any size; each picture by itself, for its statistics."""
        if direction not in self.directions:
            raise UserError(f"pix2pix translates ab, not {direction}: train the other direction with data.direction=ba")
        with stochastic_inference(self.generator if self.test_time_noise else nn.Identity()):
            return torch.cat([any_size(self.generator, image[None], self.generator) for image in images])

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Discriminator first; the generator then meets the updated one."""
        real_a, real_b = batch["a"], batch["b"]
        fake_b = self.generator(real_a)
        if self.lambda_adv:
            alpha = self.uniform("alpha", (len(real_a), 1)) if self.lambda_gp else None
            self.minimize(self.discriminator_loss, real_a, real_b, fake_b.detach(), alpha, over="discriminator")
        self.minimize(self.generator_loss, real_a, real_b, fake_b, over="generator")

    def discriminator_loss(self, real_a: Tensor, real_b: Tensor, fake_b: Tensor, alpha: Tensor | None = None) -> Losses:
        """Half of both GAN terms, fakes first, as batch norm's statistics move; alpha (N, 1) mixes for the penalty."""
        fake_pair, real_pair = self.pair(real_a, fake_b), self.pair(real_a, real_b)
        fake, real = passes(self.discriminator, fake_pair, real_pair, merged=self.share_passes)
        losses = Losses({"fake": 0.5 * self.adversarial.fake(fake), "real": 0.5 * self.adversarial.real(real)})
        if self.lambda_gp and alpha is not None:
            losses["gp"] = self.lambda_gp * gradient_penalty(self.discriminator, real_pair, fake_pair, alpha)
        losses.observed["accuracy"] = self.adversarial.accuracy(real, fake)
        return losses

    def generator_loss(self, real_a: Tensor, real_b: Tensor, fake_b: Tensor) -> Losses:
        """GAN term and distance to the target; a term of weight 0 is left out."""
        losses = Losses()
        if self.lambda_adv:
            score = self.discriminator(self.pair(real_a, fake_b))
            losses["adv"] = self.lambda_adv * self.adversarial.generator(score)
        if self.lambda_l1:
            losses["l1"] = self.lambda_l1 * (fake_b - real_b).abs().mean()
        if self.lambda_l2:
            losses["l2"] = self.lambda_l2 * (fake_b - real_b).square().mean()
        return losses

    def pair(self, a: Tensor, b: Tensor) -> Tensor:
        """What the discriminator sees of a picture b made from a: (N, C, H, W)."""
        return torch.cat((a, b), dim=1) if self.conditional else b

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """L1, PSNR and SSIM of the translation."""
        return paired_scores(self.translate(batch["a"]), batch["b"])

    def visuals(self, batch: Batch) -> Images:
        """Input, translation, target."""
        return {"real_a": batch["a"], "fake_b": self.translate(batch["a"]), "real_b": batch["b"]}
