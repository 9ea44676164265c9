"""U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance Normalization.

Kim, Kim, Kang, Lee; ICLR 2020. https://arxiv.org/abs/1907.10830

    min_G max_D  lambda_1 L_lsgan + lambda_2 L_cycle + lambda_3 L_identity + lambda_4 L_cam      (eq. 7)

with (1, 10, 10, 1000). L_lsgan is that of a global and of a local discriminator in each domain, on their scores and on
their attention's logits; L_cam tells the generators' attention source from target by cross entropy.
Reference: znxlwm/UGATIT-pytorch @ b8c42518 (``UGATIT``). The discriminators' objective is not halved; spectral norm
iterates in each of a discriminator's three passes: reals and fakes stay apart.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from gan_zoo.errors import UserError, nearest
from gan_zoo.layers.adalin import clip_rho
from gan_zoo.layers.heatmap import overlay
from gan_zoo.layers.init import Initialisation, Untouched
from gan_zoo.layers.pad import any_size
from gan_zoo.losses.adversarial import Adversarial, LeastSquares, Vanilla
from gan_zoo.networks.ugatit import Attended, Discriminator, Generator
from gan_zoo.training.ema import averaged, follow
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.schedules import LinearSecondHalf, Schedule

DIRECTIONS = (("a", "b"), ("b", "a"))
CAMS = {"both": (True, True), "generator": (True, False), "discriminator": (False, True), "none": (False, False)}


class UGATIT(GANModule):
    """Two generators, one a direction, and a global and a local discriminator a domain.

    Args:
        generator, discriminator: factories, called with channels, depth and the ablations' choices.
        scopes: ``n_layers`` of each of a domain's discriminators, by name.
        lambda_adv, lambda_cycle, lambda_idt, lambda_cam: weights of the objective.
        norm: of the generators' decoders: adalin, in, ln, adain, gn.
        cam: which networks have attention modules: both, generator, discriminator, none.
        ema_decay: of a running mean of the generators, which then translates; 0 keeps none.
        share_passes: a generator translates and keeps in one pass.
    """

    players = ("discriminator", "generator")
    directions = ("ab", "ba")

    def __init__(
        self,
        generator: Factory = Generator,
        discriminator: Factory = Discriminator,
        scopes: Mapping[str, int] = {"global": 7, "local": 5},
        adversarial: Adversarial = LeastSquares(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_adv: float = 1.0,
        lambda_cycle: float = 10.0,
        lambda_idt: float = 10.0,
        lambda_cam: float = 1000.0,
        norm: str = "adalin",
        cam: str = "both",
        ema_decay: float = 0.0,
        share_passes: bool = True,
        init: Initialisation = Untouched(),
        optimizer: OptimizerFactory = partial(Adam, lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = LinearSecondHalf(n_iterations=1_000_000),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        if cam not in CAMS:
            raise UserError(f"model.cam={cam}: there is no such choice{nearest(cam, CAMS)}")
        if channels["a"] != channels["b"]:
            raise UserError("the identity term needs domains of equal channels: set data.channels")
        self.channels, self.adversarial, (cam_g, cam_d) = dict(channels), adversarial, CAMS[cam]
        make = partial(generator, norm=norm, cam=cam_g)
        self.generator: Any = nn.ModuleDict({s + t: init(make(channels[s], channels[t])) for s, t in DIRECTIONS})
        judge = partial(discriminator, cam=cam_d)
        judges = {d: {k: init(judge(channels[d], n_layers=n)) for k, n in scopes.items()} for d in "ab"}
        self.discriminator: Any = nn.ModuleDict({d: nn.ModuleDict(of) for d, of in judges.items()})
        self.lambda_adv, self.lambda_cycle, self.lambda_idt = lambda_adv, lambda_cycle, lambda_idt
        self.lambda_cam, self.ema_decay, self.share_passes = lambda_cam if cam_g else 0.0, ema_decay, share_passes
        self.average: Any = averaged(self.generator) if ema_decay else None

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Discriminators, then generators against the updated ones, with the same fakes."""
        real = {d: batch[d] for d in "ab"}
        fake, kept, logits = self.generate(real)
        made = {d: image.detach() for d, image in fake.items()}
        self.minimize(self.discriminator_loss, real, made, over="discriminator")
        self.minimize(self.generator_loss, real, fake, kept, logits, over="generator")

    def generate(self, real: Images) -> tuple[Images, Images, dict[str, tuple[Tensor, Tensor] | None]]:
        """Translations and identities by domain, and each generator's logits of source and target, by its target."""
        fake, kept, logits = Images(), Images(), dict[str, tuple[Tensor, Tensor] | None]()
        for s, t in DIRECTIONS:
            network = self.generator[s + t]
            if self.share_passes and real[s].shape == real[t].shape:
                both = network(torch.cat([real[s], real[t]]))
                (fake[t], kept[t]) = both.out.chunk(2)
                logits[t] = None if both.logits is None else both.logits.chunk(2)
            else:
                source, target = network(real[s]), network(real[t])
                fake[t], kept[t] = source.out, target.out
                logits[t] = None if source.logits is None else (source.logits, target.logits)
        return fake, kept, logits

    def discriminator_loss(self, real: Images, fake: Images) -> Losses:
        """Scores and attention's logits of reals and of fakes, for both discriminators of each domain."""
        losses = Losses()
        for d, judges in self.discriminator.items():
            for scope, judge in judges.items():
                truth, lie = judge(real[d]), judge(fake[d])
                both = self.adversarial.real(truth.out) + self.adversarial.fake(lie.out)
                losses[f"{scope}_{d}"] = self.lambda_adv * both
                if truth.logits is not None:
                    both = self.adversarial.real(truth.logits) + self.adversarial.fake(lie.logits)
                    losses[f"{scope}_cam_{d}"] = self.lambda_adv * both
                losses.observed[f"accuracy_{scope}_{d}"] = self.adversarial.accuracy(truth.out, lie.out)
        return losses

    def generator_loss(
        self, real: Images, fake: Images, kept: Images, logits: Mapping[str, tuple[Tensor, Tensor] | None]
    ) -> Losses:
        """All terms of both directions; a term's letter is its picture's domain, cam's its generator's target."""
        losses = Losses()
        for s, t in DIRECTIONS:
            for scope, judge in self.discriminator[t].items():
                seen: Attended = judge(fake[t])
                losses[f"{scope}_{t}"] = self.lambda_adv * self.adversarial.generator(seen.out)
                if seen.logits is not None:
                    losses[f"{scope}_cam_{t}"] = self.lambda_adv * self.adversarial.generator(seen.logits)
            back = self.generator[t + s](fake[t]).out
            losses[f"cycle_{s}"] = self.lambda_cycle * (back - real[s]).abs().mean()
            losses[f"idt_{t}"] = self.lambda_idt * (kept[t] - real[t]).abs().mean()
            if (told := logits[t]) is not None:
                source, target = Vanilla().real(told[0]), Vanilla().fake(told[1])
                losses[f"cam_{t}"] = self.lambda_cam * (source + target)
        return losses

    def configure_optimizers(self) -> list[Optimizer]:
        """After each of the generators' steps every rho is held to [0, 1], and their running mean follows."""
        optimizers = super().configure_optimizers()
        optimizers[self.players.index("generator")].register_step_post_hook(lambda *_: self.settle())
        return optimizers

    def settle(self) -> None:
        """What a generators' step leaves."""
        clip_rho(self.generator)
        if self.average is not None:
            follow(self.average, self.generator, self.ema_decay)

    def translate(self, images: Tensor, direction: str = "ab") -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), both in [-1, 1]; by the running mean of the weights where there is one.

        Any size for the light style head; for the full one pictures are resized to its size and back.
        """
        return self.attended(images, direction)[0]

    def attended(self, images: Tensor, direction: str = "ab") -> tuple[Tensor, Tensor | None]:
        """Translations, and where the generator looked: (N, C, H, W) in [-1, 1], and (N, h, w) if it has attention."""
        if direction not in self.directions:
            raise UserError(f"U-GAT-IT translates {' or '.join(self.directions)}, not {direction}")
        network = (self.generator if self.average is None else self.average)[direction]
        heat: list[Tensor | None] = []

        def through(x: Tensor) -> Tensor:
            fits = network.light or x.shape[-2:] == network.size
            seen: Attended = network(x if fits else F.interpolate(x, network.size, mode="bilinear", antialias=True))
            heat.append(seen.heat)
            return seen.out if fits else F.interpolate(seen.out, x.shape[-2:], mode="bilinear", antialias=True)

        return any_size(through, images, network), heat[0]

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error of cycle and identity, for each domain, of [-1, 1]."""
        scores = dict[str, Tensor]()
        for s, t in DIRECTIONS:
            back = self.translate(self.translate(batch[s], s + t), t + s)
            scores[f"cycle_{s}"] = (back - batch[s]).abs().mean()
            scores[f"idt_{t}"] = (self.translate(batch[t], s + t) - batch[t]).abs().mean()
        return scores

    def visuals(self, batch: Batch) -> Images:
        """For both directions: input, the generator's attention, translation, the discriminators' attention, return."""
        pictures: Images = {}
        for s, t in DIRECTIONS:
            fake, heat = self.attended(batch[s], s + t)
            pictures[f"real_{s}"] = batch[s]
            if heat is not None:
                pictures[f"heat_{s}{t}"] = overlay(batch[s], heat)
            pictures[f"fake_{t}"] = fake
            for scope, judge in self.discriminator[t].items():
                if judge.cam is not None and min(fake.shape[-2:]) >= judge.smallest:
                    pictures[f"heat_{scope}_{t}"] = overlay(fake, judge(fake).heat)
            pictures[f"rec_{s}"] = self.translate(fake, t + s)
        return pictures

    def on_fit_start(self) -> None:
        """Say what the full style head takes."""
        rank_zero_info(self.remark())

    def remark(self) -> str:
        """What the full style heads take, "" for light ones."""
        heads = (network.style[0].weight.numel() for network in self.generator.values() if not network.light)
        if not (numbers := sum(heads)):
            return ""
        return (
            f"the full style heads have {numbers / 1e6:.1f} M weights: {16 * numbers / 1e9:.2f} GB with gradients and "
            "moments, more with the square of the pictures' sides: model.generator.light=true does without"
        )
