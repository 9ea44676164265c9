"""CycleGAN: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al., ICCV 2017).

https://arxiv.org/abs/1703.10593

    L(G, F, D_X, D_Y) = L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda L_cyc(G, F)     (eq. 3)
    L_cyc = E|F(G(x)) - x|_1 + E|G(F(y)) - y|_1     (eq. 2),     L_idt = E|G(y) - y|_1 + E|F(x) - x|_1     (sec. 5.2)

G is ``generator["ab"]``, D_Y is ``discriminator["b"]``. Reference: junyanz/pytorch-CycleGAN-and-pix2pix @ 2a7afba2
(``CycleGANModel``). The identity term is on by default there, in the paper for paintings only; rates end at 1/101.
With ``nz`` > 0: the baseline "CycleGAN with noise" of the MUNIT paper (Huang et al., ECCV 2018, sec. 5.2).
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.init import Initialisation, Normal
from gan_zoo.layers.modes import stochastic_inference
from gan_zoo.layers.norm import instance_norm, merges_images
from gan_zoo.layers.pad import any_size
from gan_zoo.layers.passes import passes
from gan_zoo.losses.adversarial import Adversarial, LeastSquares
from gan_zoo.losses.penalties import gradient_penalty
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.training.image_pool import ImagePool
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.schedules import Linear, Schedule

DIRECTIONS = (("a", "b"), ("b", "a"))


class CycleGAN(GANModule):
    """Two generators, one a direction, and two discriminators, one a domain.

    Args:
        generator, discriminator: factories, called with the channels they take (generators: and give).
        lambda_cycle: weight of the cycle term, for each domain or for both.
        lambda_idt: weight of the identity term relative to the cycle term of the same domain.
        lambda_gp: weight of a gradient penalty on the discriminators; the reference applies none.
        pool_size: earlier fakes kept for each discriminator, on each device.
        nz: standard normals an image, constant over its pixels, appended to the generators' input; for generators
            whose first convolution has no norm behind it (U-Net): an instance norm removes whatever is constant.
        test_time_noise: translate with dropout and the batch's own statistics.
        share_passes: a network's independent passes become one, where its norm and the sizes allow it.
    """

    players = ("generator", "discriminator")
    directions = ("ab", "ba")

    def __init__(
        self,
        generator: Factory = ResNet,
        discriminator: Factory = partial(PatchGAN, norm=instance_norm),
        adversarial: Adversarial = LeastSquares(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_cycle: float | Mapping[str, float] = 10.0,
        lambda_idt: float = 0.5,
        lambda_gp: float = 0.0,
        pool_size: int = 50,
        nz: int = 0,
        test_time_noise: bool = False,
        share_passes: bool = True,
        init: Initialisation = Normal(0.02),
        optimizer: OptimizerFactory = partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Linear(n_epochs=100, n_epochs_decay=100),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        if lambda_idt and channels["a"] != channels["b"]:
            raise UserError("the identity term needs domains of equal channels: set model.lambda_idt=0")
        self.channels, self.adversarial, self.nz = dict(channels), adversarial, nz
        self.generator = nn.ModuleDict({s + t: init(generator(channels[s] + nz, channels[t])) for s, t in DIRECTIONS})
        self.discriminator = nn.ModuleDict({d: init(discriminator(channels[d])) for d in "ab"})
        self.lambda_cycle = lambda_cycle if isinstance(lambda_cycle, Mapping) else dict.fromkeys("ab", lambda_cycle)
        self.lambda_idt, self.lambda_gp = lambda_idt, lambda_gp
        self.pool = {d: ImagePool(pool_size, seed) for seed, d in enumerate("ab")}
        self.rank_local |= {f"pool_{d}": pool for d, pool in self.pool.items()}
        self.test_time_noise = test_time_noise
        self.merges = {player: share_passes and not merges_images(getattr(self, player)) for player in self.players}

    def translate(self, images: Tensor, direction: str = "ab", noise: Tensor | None = None) -> Tensor:
        """(N, C, H, W) -> (N, C', H, W), both in [-1, 1], any size; ``noise`` (N, nz) fixes what is drawn otherwise."""
        if direction not in self.directions:
            raise UserError(f"CycleGAN translates {' or '.join(self.directions)}, not {direction}")
        noise = torch.randn(len(images), self.nz, device=images.device) if noise is None else noise
        generator = self.generator[direction]
        with stochastic_inference(generator if self.test_time_noise else nn.Identity()):
            return any_size(lambda padded: generator(self.with_noise(padded, noise)), images, generator)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Both generators, then both discriminators, which see fakes from before the generators' update."""
        real = {d: batch[d] for d in "ab"}
        names = [f"{kind}_{d}" for kind in ("fake", "rec", "idt") for d in "ab"] if self.nz else []
        noise = {name: self.draw(name, (len(real["a"]), self.nz)) for name in names}
        fake, rec, idt = self.generate(real, noise)
        self.minimize(self.generator_loss, real, fake, rec, idt, over="generator")
        history = {t: self.pool[t](fake[t]) for _, t in DIRECTIONS}
        alpha = {d: self.uniform(f"alpha_{d}", (len(real[d]), 1)) for d in real} if self.lambda_gp else {}
        self.minimize(self.discriminator_loss, real, history, alpha, over="discriminator")

    def generate(self, real: Images, noise: Images) -> tuple[Images, Images, Images]:
        """Translations, reconstructions and identities (none without weight), each by its images' domain.

        A generator translates one domain and ought to leave the other alone: one pass of both if it may. Else all
        passes follow the reference's order, in which batch norm's statistics move.
        """

        def make(direction: str, images: Tensor, name: str) -> Tensor:
            out: Tensor = self.generator[direction](self.with_noise(images, noise.get(name)))
            return out

        fake, rec, idt = Images(), Images(), Images()
        if self.lambda_idt and self.merges["generator"]:
            for s, t in DIRECTIONS:
                names = {f"fake_{t}": real[s], f"idt_{t}": real[t]}
                inputs = [self.with_noise(images, noise.get(name)) for name, images in names.items()]
                fake[t], idt[t] = passes(self.generator[s + t], *inputs)
            return fake, {s: make(t + s, fake[t], f"rec_{s}") for s, t in DIRECTIONS}, idt
        for s, t in DIRECTIONS:
            fake[t] = make(s + t, real[s], f"fake_{t}")
            rec[s] = make(t + s, fake[t], f"rec_{s}")
        if self.lambda_idt:
            idt = {t: make(s + t, real[t], f"idt_{t}") for s, t in DIRECTIONS}
        return fake, rec, idt

    def with_noise(self, images: Tensor, noise: Tensor | None) -> Tensor:
        """(N, C, H, W) with ``noise`` (N, nz) as further constant channels, if there is any."""
        planes = [] if noise is None else [noise.to(images)[:, :, None, None].expand(-1, -1, *images.shape[-2:])]
        return torch.cat([images, *planes], dim=1) if self.nz else images

    def generator_loss(self, real: Images, fake: Images, rec: Images, idt: Images) -> Losses:
        """GAN, cycle and identity terms of both directions; a term's letter is the domain its image lies in."""
        losses = Losses()
        for s, t in DIRECTIONS:
            losses[f"adv_{t}"] = self.adversarial.generator(self.discriminator[t](fake[t]))
            losses[f"cycle_{s}"] = self.lambda_cycle[s] * (rec[s] - real[s]).abs().mean()
            if self.lambda_idt:
                losses[f"idt_{t}"] = self.lambda_cycle[t] * self.lambda_idt * (idt[t] - real[t]).abs().mean()
        return losses

    def discriminator_loss(self, real: Images, fake: Images, alpha: Images) -> Losses:
        """Half of the GAN terms on reals and on fakes from the pools, for each domain."""
        losses = Losses()
        for d, judge in self.discriminator.items():
            real_score, fake_score = passes(judge, real[d], fake[d], merged=self.merges["discriminator"])
            losses[f"real_{d}"] = 0.5 * self.adversarial.real(real_score)
            losses[f"fake_{d}"] = 0.5 * self.adversarial.fake(fake_score)
            if self.lambda_gp:
                losses[f"gp_{d}"] = self.lambda_gp * gradient_penalty(judge, real[d], fake[d], alpha[d])
            losses.observed[f"accuracy_{d}"] = self.adversarial.accuracy(real_score, fake_score)
        return losses

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error of cycle and identity (if channels allow it), for each domain, of [-1, 1]."""
        pictures, scores = self.visuals(batch), dict[str, Tensor]()
        for s, t in DIRECTIONS:
            scores[f"cycle_{s}"] = (pictures[f"rec_{s}"] - batch[s]).abs().mean()
            if self.channels[s] == self.channels[t]:
                scores[f"idt_{t}"] = (self.translate(batch[t], s + t) - batch[t]).abs().mean()
        return scores

    def visuals(self, batch: Batch) -> Images:
        """For both directions: input, translation, and what comes back."""
        pictures: Images = {}
        for s, t in DIRECTIONS:
            fake = self.translate(batch[s], s + t)
            pictures |= {f"real_{s}": batch[s], f"fake_{t}": fake, f"rec_{s}": self.translate(fake, t + s)}
        return pictures
