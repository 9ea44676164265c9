"""MUNIT: Multimodal Unsupervised Image-to-Image Translation (Huang, Liu, Belongie, Kautz; ECCV 2018).

https://arxiv.org/abs/1804.04732

    min_{E, G} max_D  sum_d L_GAN^d + lambda_x L_rec^{x_d} + lambda_c L_rec^{c_d} + lambda_s L_rec^{s_d}     (eq. 5)
    x_b -> a:  G_a(c_b, s_a),  c_b = E_b^c(x_b),  s_a ~ N(0, I)

All reconstructions are mean absolute differences: of a picture from its own two codes, and of the content and the style
that a translation was made from. Reference: NVlabs/MUNIT @ a82e222b (``MUNIT_Trainer``); its cycle term, from the
translation's content and the picture's own style, and its perceptual term (from 512 px on) are off by default.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.attention import Attention
from gan_zoo.layers.init import Initialisation, Kaiming, Normal
from gan_zoo.layers.norm import merges_images
from gan_zoo.layers.pad import any_size
from gan_zoo.layers.passes import passes
from gan_zoo.losses.adversarial import Adversarial, LeastSquares, flat, summed
from gan_zoo.losses.perceptual import domain_invariant
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from gan_zoo.networks.vgg import VGG16
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.pretrained import Judge, Published
from gan_zoo.training.schedules import Halving, Schedule

DIRECTIONS = (("a", "b"), ("b", "a"))


class MUNIT(GANModule):
    """One auto-encoder and one multi-scale discriminator a domain; nothing is shared between the domains.

    Args:
        generator: factory of an auto-encoder, called with its domain's channels.
        discriminator: factory, called with its domain's channels.
        lambda_adv, lambda_recon_x, lambda_recon_c, lambda_recon_s: weights of the objective; 0 removes a term.
        lambda_cycle: weight of the cycle term (10 for summer2winter and street scenes).
        lambda_vgg: weight of the perceptual term between a picture and its translation; ``perceptual`` is its network.
        attention: where self-attention stands, by the name of an arrangement or as places by part
            (``networks/munit.py``); None is the paper's own: nowhere.
        share_passes: what may be one pass of a network is one; styles are drawn anew for each player all the same.
        init, discriminator_init: how weights are drawn.
    """

    players = ("discriminator", "generator")
    directions = ("ab", "ba")
    arrangement = "none"

    def __init__(
        self,
        generator: Factory = StyleAutoEncoder,
        discriminator: Factory = partial(MultiScale, n_scales=3, each=StridedPatch),
        adversarial: Adversarial = LeastSquares(),
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_adv: float = 1.0,
        lambda_recon_x: float = 10.0,
        lambda_recon_c: float = 1.0,
        lambda_recon_s: float = 1.0,
        lambda_cycle: float = 0.0,
        lambda_vgg: float = 0.0,
        perceptual: Published = VGG16(),
        attention: Attention | None = None,
        share_passes: bool = True,
        init: Initialisation = Kaiming(norms=False),
        discriminator_init: Initialisation = Normal(0.02, norms=False),
        optimizer: OptimizerFactory = partial(Adam, lr=1e-4, betas=(0.5, 0.999), weight_decay=1e-4),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Halving(every=100_000),
    ) -> None:
        super().__init__(optimizer, optimizers, schedule)
        self.channels, self.adversarial = dict(channels), adversarial
        where = self.arrangement if attention is None else attention
        coders: dict[str, Any] = {d: init(generator(channels[d], attention=where)) for d in "ab"}
        self.generator: Any = nn.ModuleDict(coders)
        judges = {d: discriminator(channels[d], attention=where) for d in "ab"}
        self.discriminator = nn.ModuleDict({d: discriminator_init(init(judges[d])) for d in "ab"})
        self.style_dim: int = coders["a"].style_dim
        self.lambda_adv, self.lambda_recon_x, self.lambda_cycle = lambda_adv, lambda_recon_x, lambda_cycle
        self.lambda_recon_c, self.lambda_recon_s = lambda_recon_c, lambda_recon_s
        self.lambda_vgg, self.share_passes = lambda_vgg, share_passes
        self.perceptual = Judge(perceptual, "train without the term: model.lambda_vgg=0")
        self.merges = share_passes and not merges_images(self.discriminator)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Discriminators, then generators against the updated ones, with styles of their own."""
        real = {d: batch[d] for d in "ab"}
        content = {d: self.generator[d].content_encoder(real[d]) for d in "ab"}
        if self.lambda_adv:
            style = {d: self.draw(f"discriminator_style_{d}", (len(real["a"]), self.style_dim)) for d in "ab"}
            with torch.no_grad():
                fake = {t: self.generator[t].decode(content[s], style[t]) for s, t in DIRECTIONS}
            self.minimize(self.discriminator_loss, real, fake, over="discriminator")
        style = {d: self.draw(f"generator_style_{d}", (len(real["a"]), self.style_dim)) for d in "ab"}
        self.minimize(self.generator_loss, real, content, style, over="generator")

    def discriminator_loss(self, real: Images, fake: Images) -> Losses:
        """GAN terms on fakes and reals, summed over scales, not halved."""
        losses = Losses()
        for d, judge in self.discriminator.items():
            fake_score, real_score = passes(judge, fake[d], real[d], merged=self.merges)
            losses[f"fake_{d}"] = self.lambda_adv * summed(self.adversarial.fake, fake_score)
            losses[f"real_{d}"] = self.lambda_adv * summed(self.adversarial.real, real_score)
            losses.observed[f"accuracy_{d}"] = self.adversarial.accuracy(flat(real_score), flat(fake_score))
        return losses

    def generator_loss(self, real: Images, content: Images, style: Images) -> Losses:
        """All terms of both directions; a term's letter is the domain of the picture that it is about.

        ``content``: of the real pictures; ``style`` (N, style_dim): what their translations are to look like. A term of
        weight 0 is left out, and so are the passes that only it needs.
        """
        losses, restores = Losses(), bool(self.lambda_recon_x or self.lambda_cycle)
        own = {d: self.generator[d].style_encoder(real[d]) for d in "ab" if restores}
        for s, t in DIRECTIONS:
            codes = [(content[s], style[t])] + ([(content[t], own[t])] if self.lambda_recon_x else [])
            fake, *rec = self.decode(t, *codes)
            if self.lambda_adv:
                losses[f"adv_{t}"] = self.lambda_adv * summed(self.adversarial.generator, self.discriminator[t](fake))
            if self.lambda_recon_x:
                losses[f"recon_x_{t}"] = self.lambda_recon_x * (rec[0] - real[t]).abs().mean()
            if self.lambda_recon_c or self.lambda_cycle:
                content_again = self.generator[t].content_encoder(fake)
            if self.lambda_recon_c:
                losses[f"recon_c_{s}"] = self.lambda_recon_c * (content_again - content[s]).abs().mean()
            if self.lambda_recon_s:
                style_again = self.generator[t].style_encoder(fake)
                losses[f"recon_s_{t}"] = self.lambda_recon_s * (style_again - style[t]).abs().mean()
            if self.lambda_cycle:
                back = self.generator[s].decode(content_again, own[s])
                losses[f"cycle_{s}"] = self.lambda_cycle * (back - real[s]).abs().mean()
            if self.lambda_vgg:
                (seen,), (kept,) = self.perceptual(fake), self.perceptual(real[s])
                losses[f"vgg_{t}"] = self.lambda_vgg * domain_invariant(seen, kept)
        return losses

    def on_fit_start(self) -> None:
        """Have the weights of the perceptual term at hand, or say how to get them."""
        if self.lambda_vgg:
            self.perceptual.prepare(self)

    def decode(self, domain: str, *codes: tuple[Tensor, Tensor]) -> Sequence[Tensor]:
        """A picture (N, C, H, W) of a domain for each pair of content and style, in one pass if all are alike."""
        decoder, contents, styles = self.generator[domain].decode, *zip(*codes, strict=True)
        if self.share_passes and all(content.shape == contents[0].shape for content in contents):
            pictures: Tensor = decoder(torch.cat(contents), torch.cat(styles))
            return pictures.chunk(len(codes))
        return [decoder(*pair) for pair in codes]

    def translate(self, images: Tensor, direction: str = "ab", style: Tensor | None = None) -> Tensor:
        """(N, C, H, W) -> (N, C', H, W), both in [-1, 1], any size; ``style`` (N, style_dim), drawn if None."""
        if direction not in self.directions:
            raise UserError(f"{type(self).__name__} translates {' or '.join(self.directions)}, not {direction}")
        source, target = (self.generator[d] for d in direction)
        style = torch.randn(len(images), self.style_dim, device=images.device) if style is None else style
        return any_size(lambda x: target.decode(source.content_encoder(x), style.to(x)), images, source)

    def reconstruct(self, images: Tensor, domain: str) -> Tensor:
        """A domain's pictures (N, C, H, W) from their own content and style."""
        network, style = self.generator[domain], self.encode_style(images, 2 * domain)
        return any_size(lambda x: network.decode(network.content_encoder(x), style), images, network)

    def encode_style(self, images: Tensor, direction: str = "ab") -> Tensor:
        """The styles (N, style_dim) of pictures of the direction's target domain."""
        code: Tensor = self.generator[direction[1]].style_encoder(images)
        return code

    def interpolate(self, first: Tensor, second: Tensor, count: int) -> Tensor:
        """``count`` styles on the line between two (style_dim,), both ends among them: (count, style_dim)."""
        return torch.lerp(first, second, torch.linspace(0, 1, count).to(first)[:, None])

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute error, of [-1, 1], of each domain's auto-encoder, and of going there and back."""
        pictures, scores = self.visuals(batch), dict[str, Tensor]()
        for s, t in DIRECTIONS:
            scores[f"recon_x_{s}"] = (pictures[f"rec_{s}"] - batch[s]).abs().mean()
            back = self.translate(pictures[f"fake_{t}_guided"], t + s, self.encode_style(batch[s], t + s))
            scores[f"cycle_{s}"] = (back - batch[s]).abs().mean()
        return scores

    def visuals(self, batch: Batch) -> Images:
        """For both directions: input, reconstruction, three fixed styles, the style of the batch's other picture."""
        fixed = torch.randn(3, self.style_dim, generator=torch.Generator().manual_seed(10))
        pictures: Images = {}
        for s, t in DIRECTIONS:
            other = self.encode_style(batch[t], s + t)
            pictures |= {f"real_{s}": batch[s], f"rec_{s}": self.reconstruct(batch[s], s)}
            for i, style in enumerate(fixed, start=1):
                pictures[f"fake_{t}_{i}"] = self.translate(batch[s], s + t, style.expand(len(batch[s]), -1))
            pictures[f"fake_{t}_guided"] = self.translate(batch[s], s + t, other)
        return pictures
