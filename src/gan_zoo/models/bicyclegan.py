"""BicycleGAN: Toward Multimodal Image-to-Image Translation (Zhu et al., NeurIPS 2017).

https://arxiv.org/abs/1711.11586

    G*, E* = arg min_{G,E} max_D  L_GAN^VAE(G, D, E) + lambda L_1^VAE(G, E)
                                  + L_GAN(G, D) + lambda_latent L_1^latent(G, E) + lambda_KL L_KL(E)     (eq. 8)

cVAE-GAN: B -> E -> z -> G(A, z), close to B ("encoded"); cLR-GAN: z -> G(A, z) -> E -> z again ("random").
Reference: junyanz/BicycleGAN @ 40b9d52c (``BiCycleGANModel``), its steps as they are since 2020-06-28. Kept of it: the
first half of a batch serves E and both fakes, the second half only lends D its reals of the random cycle; KL is summed
over the (global) half batch, discriminators' losses over their scales, and not halved.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.init import Initialisation, Xavier
from gan_zoo.layers.interpolation import spherical
from gan_zoo.layers.norm import instance_norm, merges_images
from gan_zoo.layers.pad import any_size
from gan_zoo.layers.passes import passes
from gan_zoo.losses.adversarial import Adversarial, LeastSquares, flat, summed
from gan_zoo.losses.divergence import kl_from_standard_normal
from gan_zoo.metrics.image import paired_scores
from gan_zoo.networks.latent_encoder import ResNetEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.training.lightning_bridge import world_size
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.schedules import Linear, Schedule

CYCLES = ("encoded", "random")


class BicycleGAN(GANModule):
    """A generator (a, z) -> b, an encoder b -> z, and a discriminator of b for each cycle.

    Args:
        generator, encoder: factories, called with channels of a, b and ``nz``; with channels of b and ``nz``.
        discriminator: factory (or one for each cycle), called with the channels it sees; gives scores of every scale.
        nz: numbers of a code; a model of 0 translates, but cannot be trained.
        lambda_adv: weight of the GAN term of each cycle, or of both; a cycle of weight 0 has no discriminator.
        lambda_l1, lambda_z, lambda_kl: weights of |b - G(a, E(b))|, |z - E(G(a, z))| (for G alone) and KL.
        conditional: whether discriminators see a too, in front of b.
        shared_discriminator: one for both cycles.
        sum_over_images: GAN terms summed, not averaged, over the half batch: a slip of the reference with one scale.
        share_passes: passes of a network that may be one are one, where its norm and dropout allow it.
    """

    players: tuple[str, ...] = ("encoder", "generator", "discriminator")
    directions = ("ab",)
    batch_parts = 2  # the data module deals each half of a global batch to all devices

    def __init__(
        self,
        generator: Factory = LatentUNet,
        encoder: Factory = ResNetEncoder,
        discriminator: Factory | Mapping[str, Factory] = partial(
            MultiScale, n_scales=2, narrowing=2, each=partial(PatchGAN, norm=instance_norm, bias=True)
        ),
        adversarial: Adversarial = LeastSquares(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        nz: int = 8,
        lambda_adv: float | Mapping[str, float] = 1.0,
        lambda_l1: float = 10.0,
        lambda_z: float = 0.5,
        lambda_kl: float = 0.01,
        conditional: bool = False,
        shared_discriminator: bool = False,
        sum_over_images: bool = False,
        share_passes: bool = True,
        init: Initialisation = Xavier(0.02),
        optimizer: OptimizerFactory = partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Linear(n_epochs=100, n_epochs_decay=100),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        self.channels, self.style_dim, self.adversarial = dict(channels), nz, adversarial
        self.lambda_adv = dict(lambda_adv if isinstance(lambda_adv, Mapping) else dict.fromkeys(CYCLES, lambda_adv))
        self.lambda_l1, self.lambda_z, self.lambda_kl = lambda_l1, lambda_z, lambda_kl
        if not any((*self.lambda_adv.values(), lambda_l1, lambda_z)):
            raise UserError("BicycleGAN has nothing to minimise: set model.lambda_adv, lambda_l1 or lambda_z above 0")
        self.conditional, self.sum_over_images = conditional, sum_over_images
        self.generator = init(generator(channels["a"], channels["b"], nz))
        self.encoder = init(encoder(channels["b"], nz))
        seen, judges = channels["b"] + (channels["a"] if conditional else 0), dict[str, nn.Module]()
        for cycle in (cycle for cycle in CYCLES if self.lambda_adv[cycle]):
            shared = next(iter(judges.values()), None) if shared_discriminator else None
            judge = discriminator[cycle] if isinstance(discriminator, Mapping) else discriminator
            judges[cycle] = shared or init(judge(seen))
        self.discriminator = nn.ModuleDict(judges)
        self.players = self.players if judges else self.players[:-1]
        self.merges = {player: share_passes and not merges_images(getattr(self, player)) for player in self.players}

    def translate(self, images: Tensor, direction: str = "ab", style: Tensor | None = None) -> Tensor:
        """(N, C_a, H, W) -> (N, C_b, H, W), both in [-1, 1], any size; ``style`` (N or 1, nz), drawn where left out."""
        self._check(direction)
        style = torch.randn(len(images), self.style_dim, device=images.device) if style is None else style
        codes = style.to(images).expand(len(images), -1)
        return any_size(lambda padded: self.generator(padded, codes), images, self.generator)

    def encode_style(self, images: Tensor, direction: str = "ab") -> Tensor:
        """The mean of each code: b (N, C_b, H, W) -> (N, nz); what has no size for the encoder is resized to one."""
        self._check(direction)
        fitted = self.encoder.fitted(images)  # type: ignore[operator]  # of LatentEncoder
        mean: Tensor = self.encoder(fitted)[0]
        return mean

    def interpolate(self, first: Tensor, second: Tensor, count: int) -> Tensor:
        """``count`` codes (count, nz) on the arc from one (nz) to another, both included."""
        return spherical(first, second, count)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """E and G, then the discriminators; an odd image at the end of foreign data is left out."""
        half = len(batch["a"]) // 2
        if not half:
            return
        (real_a, other_a), (real_b, other_b) = (batch[d][: 2 * half].chunk(2) for d in "ab")
        mean, log_variance = self.encoder(real_b)
        z_encoded = mean + self.draw("eps", mean.shape).to(mean) * (0.5 * log_variance).exp()
        z_random = self.draw("z_random", mean.shape).to(mean)
        fake = dict(zip(CYCLES, self.generate(real_a, z_encoded, z_random), strict=True))
        with self.frozen_except("generator"):  # to the latent term E is a constant: else G and E could hide the code
            recovered = self.encoder(fake["random"])[0] if self.lambda_z else z_random
        images = half * world_size(self) * self.iteration.micro_batches
        self.zero("encoder", "generator")
        codes = {"mean": mean, "log_variance": log_variance, "random": z_random, "recovered": recovered}
        self.accumulate(self.generator_loss, real_a, real_b, fake, codes, images, over=("generator", "encoder"))
        self.step("encoder", "generator")
        if self.discriminator:
            seen = {cycle: self.pair(real_a, image.detach()) for cycle, image in fake.items()}
            real = {"encoded": self.pair(real_a, real_b), "random": self.pair(other_a, other_b)}
            self.minimize(self.discriminator_loss, real, seen, images, over="discriminator")

    def generate(self, real_a: Tensor, *codes: Tensor) -> list[Tensor]:
        """One translation of ``real_a`` (N, C_a, H, W) for each of the codes (N, nz)."""
        if not self.merges["generator"]:
            return [self.generator(real_a, code) for code in codes]
        return list(self.generator(torch.cat([real_a] * len(codes)), torch.cat(codes)).chunk(len(codes)))

    def generator_loss(self, real_a: Tensor, real_b: Tensor, fake: Images, codes: Images, images: int) -> Losses:
        """What E and G minimise (G alone: ``z_l1``); ``images``: how many a sum over the half batch runs over."""
        losses = Losses()
        for cycle, judge in self.discriminator.items():
            scores = judge(self.pair(real_a, fake[cycle]))
            losses[f"adv_{cycle}"] = self.lambda_adv[cycle] * self.game(self.adversarial.generator, scores, images)
        if self.lambda_l1:
            losses["l1"] = self.lambda_l1 * (fake["encoded"] - real_b).abs().mean()
        if self.lambda_kl:
            losses["kl"] = self.lambda_kl * images * kl_from_standard_normal(codes["mean"], codes["log_variance"])
        if self.lambda_z:
            losses["z_l1"] = self.lambda_z * (codes["recovered"] - codes["random"]).abs().mean()
        return losses

    def discriminator_loss(self, real: Images, fake: Images, images: int) -> Losses:
        """Both GAN terms of both cycles; where one discriminator plays both, its gradients add up."""
        losses = Losses()
        for cycle, judge in self.discriminator.items():
            fake_scores, real_scores = passes(judge, fake[cycle], real[cycle], merged=self.merges["discriminator"])
            losses[f"fake_{cycle}"] = self.game(self.adversarial.fake, fake_scores, images)
            losses[f"real_{cycle}"] = self.game(self.adversarial.real, real_scores, images)
            losses.observed[f"accuracy_{cycle}"] = self.adversarial.accuracy(flat(real_scores), flat(fake_scores))
        return losses

    def game(self, loss: Callable[[Tensor], Tensor], scores: Sequence[Tensor], images: int) -> Tensor:
        """A GAN term: the mean over images and patches, summed over scales (with the slip: over images too)."""
        return summed(loss, scores) * (images if self.sum_over_images else 1)

    def pair(self, a: Tensor, b: Tensor) -> Tensor:
        """What a discriminator sees of a picture b made from a: (N, C, H, W)."""
        return torch.cat((a, b), dim=1) if self.conditional else b

    def on_train_start(self) -> None:
        """Start only what can be trained.

        Raises:
            UserError: batches without two equal halves, or a model without codes.
        """
        size = getattr(self.trainer.train_dataloader, "batch_size", None)
        if size and size % 2:
            raise UserError(f"BicycleGAN trains on halves of batches: a batch size of {size} is odd, take {size + 1}")
        if not self.style_dim:
            raise UserError("BicycleGAN learns codes: set model.nz to 1 or more (the paper's is 8)")
        super().on_train_start()

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """L1, PSNR and SSIM with b's own code; mean absolute difference of two random translations, of [-1, 1]."""
        encoded = self.translate(batch["a"], style=self.encode_style(batch["b"]))
        first, second = self.translate(batch["a"]), self.translate(batch["a"])
        return paired_scores(encoded, batch["b"]) | {"diversity": (first - second).abs().mean()}

    def visuals(self, batch: Batch) -> Images:
        """Input, target, translation with the target's code, and with three random codes, the same for all inputs."""
        encoded = self.translate(batch["a"], style=self.encode_style(batch["b"]))
        shown = {"real_a": batch["a"], "real_b": batch["b"], "encoded_b": encoded}
        styles = torch.randn(3, 1, self.style_dim, device=self.device)
        return shown | {f"random_{n}": self.translate(batch["a"], style=z) for n, z in enumerate(styles, start=1)}

    def _check(self, direction: str) -> None:
        if direction not in self.directions:
            raise UserError(f"BicycleGAN translates ab, not {direction}: train the other way with data.direction=ba")
