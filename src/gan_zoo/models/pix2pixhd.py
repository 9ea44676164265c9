"""pix2pixHD: High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs (Wang et al., CVPR 2018).

https://arxiv.org/abs/1711.11585

    min_G ( (max_{D_1, D_2, D_3} sum_k L_GAN(G, D_k)) + lambda sum_k L_FM(G, D_k) ),  and lambda L_VGG(G)     (eq. 5, 7)

G sees s: classes, boundaries of instances, and features that E found in the photo, averaged over each instance; the
D_k see s without features, and the photo, at full, half and quarter size.
Reference: NVIDIA/pix2pixHD @ 14b3b3c7 (``Pix2PixHDModel``). Where paper and reference differ, the defaults are the
reference's: two scales, L_FM divided by their number, D's objective halved. Mended of it: the generators trained
jointly behind the frozen phase really learn (its loop kept the old optimiser), and cross entropy takes logits, so that
it goes with feature matching too.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.init import Initialisation, Normal
from gan_zoo.layers.instance_pool import instance_mean
from gan_zoo.layers.labels import boundaries, check_labels, one_hot
from gan_zoo.layers.modes import frozen, stochastic_inference
from gan_zoo.layers.norm import instance_norm, merges_images
from gan_zoo.layers.pad import any_size, edge_padded
from gan_zoo.losses.adversarial import Adversarial, LeastSquares, flat, summed
from gan_zoo.losses.feature_matching import feature_matching
from gan_zoo.losses.perceptual import perceptual
from gan_zoo.metrics.image import paired_scores
from gan_zoo.networks.multiscale import MultiScale, counted_from_coarsest
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.pix2pixhd import GlobalGenerator
from gan_zoo.networks.vgg import VGG19
from gan_zoo.training.image_pool import ImagePool
from gan_zoo.training.initialise import take
from gan_zoo.training.module import Batch, Factory, GANModule, Images, Losses, OptimizerFactory
from gan_zoo.training.pretrained import Judge, Published
from gan_zoo.training.schedules import Linear, Schedule
from gan_zoo.training.shared import SharedPass

Maps = list[list[Tensor]]  # of each scale, finest first: a map of each group of layers, the logits last


class Pix2PixHD(GANModule):
    """A generator of photos from label maps (or pictures), an encoder of their looks, and a discriminator of pairs.

    Args:
        generator, discriminator: factories, called with the channels that they take (generators: and give).
        labels: number of classes; 0: pictures a take the place of label maps.
        instances: whether there are instance maps, whose boundaries the networks see.
        encoder: factory of E, called with the photo's channels and ``n_features``; None: no E.
        n_features: channels of features that the generator sees; without E, they come with the data.
        label_features: E's features are averaged over labels, not over instances.
        channels: of pictures a (with ``labels`` 0) and of photos, b.
        lambda_fm, lambda_vgg: weights of feature matching and of the perceptual term; 0 leaves one out.
        vgg: the network of the perceptual term.
        fix_global: epochs in which all of the generator but the outermost enhancer rests.
        pool_size: earlier fakes, with what they were made from, kept for the discriminator, on each device.
    """

    directions = ("ab",)

    def __init__(
        self,
        generator: Factory = GlobalGenerator,
        discriminator: Factory = partial(
            MultiScale, each=partial(PatchGAN, norm=instance_norm, bias=True, padding=2, widest=512)
        ),
        adversarial: Adversarial = LeastSquares(),
        labels: int = 35,
        instances: bool = True,
        encoder: Factory | None = None,
        n_features: int = 0,
        label_features: bool = False,
        channels: Mapping[str, int] = {"a": 3, "b": 3},
        lambda_fm: float = 10.0,
        lambda_vgg: float = 10.0,
        vgg: Published = VGG19(),
        fix_global: int = 0,
        pool_size: int = 0,
        init: Initialisation = Normal(0.02, biases=False),
        optimizer: OptimizerFactory = partial(Adam, lr=2e-4, betas=(0.5, 0.999)),
        optimizers: Mapping[str, OptimizerFactory] = {},
        schedule: Schedule = Linear(n_epochs=100, n_epochs_decay=99, first_epoch=0),  # ends at 1/100 of the rate
    ) -> None:
        self.learners = ("generator", "encoder") if encoder else ("generator",)
        self.players = (*self.learners, "discriminator")
        super().__init__(optimizer, optimizers, schedule)
        self.labels, self.instances, self.n_features, self.label_features = (
            labels,
            instances,
            n_features,
            label_features,
        )
        self.adversarial, self.lambda_fm, self.lambda_vgg = adversarial, lambda_fm, lambda_vgg
        self.fix_global, self.channels = fix_global, dict(channels)
        condition = (labels or channels["a"]) + bool(instances)
        self.generator = init(generator(condition + n_features, channels["b"]))
        self.encoder = init(encoder(channels["b"], n_features)) if encoder else None
        self.discriminator = init(discriminator(condition + channels["b"]))
        self.vgg = Judge(vgg, "train without the term: model.lambda_vgg=0")
        self.pool = ImagePool(pool_size)
        self.rank_local |= {"pool": self.pool}
        self.shares_pass = pool_size == 0 and not merges_images(self.discriminator)
        self._check_arguments()

    def translate(self, images: Tensor, direction: str = "ab") -> Tensor:
        """Pictures a (N, C_a, H, W) -> (N, C_b, H, W), both in [-1, 1], any size, where ``labels`` is 0.

        Raises:
            UserError: this model takes label maps, or features beside the pictures.
        """
        if self.labels or self.n_features or direction not in self.directions:
            raise UserError("this pix2pixHD makes photos of label maps: call translate_labels, or train with labels=0")
        with stochastic_inference(self.generator):
            return torch.cat([any_size(self.generator, image[None], self.generator) for image in images])

    def translate_labels(self, label: Tensor, instance: Tensor | None = None, features: Tensor | None = None) -> Tensor:
        """Ids (N, 1, H, W), instances' ids of that shape, features (N, F, H, W) -> photos (N, C_b, H, W) in [-1, 1].

        Any size: the maps' right and bottom edges are repeated up to one that the generator takes, the photo is
        cropped. Each by itself, for its statistics.

        Raises:
            UserError: an id without a class; instances or features are missing.
        """
        height, width = label.shape[-2:]
        if self.n_features and features is None:
            raise UserError(f"this model needs {self.n_features} channels of features: encode_features makes them")
        grown = [None if maps is None else edge_padded(maps, self.generator) for maps in (instance, features)]
        seen, looks = self.condition(edge_padded(label, self.generator), grown[0]), grown[1]
        if self.n_features and looks is not None:
            seen = torch.cat([seen, looks.to(seen)], dim=1)
        with stochastic_inference(self.generator):
            photos = torch.cat([self.generator(one[None]) for one in seen])
        return photos[..., :height, :width]

    def encode_features(self, image: Tensor, instance: Tensor) -> Tensor:
        """Photos (N, C_b, H, W) in [-1, 1] of any size, ids (N, 1, H, W) -> features (N, F, H, W), averaged over ids.

        Raises:
            UserError: this model has no encoder.
        """
        if self.encoder is None:
            raise UserError("this pix2pixHD has no encoder of features: train one with model/features=instance")
        with stochastic_inference(self.encoder):
            raw = [any_size(self.encoder, photo[None], self.encoder) for photo in image]
        return instance_mean(torch.cat(raw), instance)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Both gradients come from one pass of the networks as they are before either update; G and E step first."""
        if self.fix_global and not self.resting() and self.is_fresh(self.coarse()[0]):
            self.renew(*self.learners)  # the joint phase begins with empty moments
        with frozen(self.resting()):
            seen, real = self.condition_of(batch), self.photo(batch)
            fake = self.generator(torch.cat([seen, *self.features(batch)], dim=1))
            judge = SharedPass("discriminator", self.discriminator, "features")
            fake_pair, real_pair = torch.cat([seen, fake], dim=1), torch.cat([seen, real], dim=1)
            old_maps = None if self.shares_pass else judge(self.pool(fake_pair))
            real_maps, fake_maps = judge(real_pair), judge(fake_pair)
            self.zero(*self.players)
            self.accumulate(
                self.discriminator_loss, old_maps or fake_maps, real_maps, over="discriminator", shared=judge
            )
            real_maps = [[seen.detach() for seen in scale] for scale in real_maps]  # lets go of their graph
            self.accumulate(self.generator_loss, fake, real, fake_maps, real_maps, over=self.learners, shared=judge)
        self.step(*self.players)

    def discriminator_loss(self, fake_maps: Maps, real_maps: Maps) -> Losses:
        """Half of the GAN terms on fakes and reals, summed over the scales."""
        fake, real = logits(fake_maps), logits(real_maps)
        losses = Losses({"fake": 0.5 * summed(self.adversarial.fake, fake)})
        losses["real"] = 0.5 * summed(self.adversarial.real, real)
        losses.observed["accuracy"] = self.adversarial.accuracy(flat(real), flat(fake))
        return losses

    def generator_loss(self, fake: Tensor, real: Tensor, fake_maps: Maps, real_maps: Maps) -> Losses:
        """GAN term, summed over the scales, feature matching and perceptual distance."""
        losses = Losses({"adv": summed(self.adversarial.generator, logits(fake_maps))})
        if self.lambda_fm:
            losses["fm"] = self.lambda_fm * feature_matching(fake_maps, real_maps)
        if self.lambda_vgg:
            with torch.no_grad():
                real_seen = self.vgg(real)
            losses["vgg"] = self.lambda_vgg * perceptual(self.vgg(fake), real_seen)
        return losses

    def coarse(self) -> list[nn.Parameter]:
        """All of the generator but its outermost enhancer."""
        generator: Any = self.generator
        return list(generator.coarse())

    def resting(self) -> list[nn.Parameter]:
        """What does not learn in this epoch: the coarse part in the first ``fix_global``."""
        return self.coarse() if self.epoch < self.fix_global else []

    def condition(self, label: Tensor, instance: Tensor | None) -> Tensor:
        """Ids (N, 1, H, W) -> what both networks see of them: a channel a class, and the instances' boundaries."""
        dtype = next(self.generator.parameters()).dtype
        classes = one_hot(label, self.labels, dtype)
        if not self.instances:
            return classes
        if instance is None:
            raise UserError("this model was made for instance maps too: give them, or train with model.instances=false")
        return torch.cat([classes, boundaries(instance, dtype)], dim=1)

    def condition_of(self, batch: Batch) -> Tensor:
        """The same of a batch; a itself where pictures take the place of label maps."""
        return self.condition(batch["label"], batch.get("instance")) if self.labels else batch["a"]

    def photo(self, batch: Batch) -> Tensor:
        """The real photos of a batch."""
        return batch["image"] if self.labels else batch["b"]

    def features(self, batch: Batch) -> list[Tensor]:
        """What the generator sees besides, if anything: E's features of the photos, or those stored with the data."""
        if self.encoder is None:
            return [batch["feature"]] if self.n_features else []
        ids = batch["label"] if self.label_features else batch["instance"]
        return [instance_mean(self.encoder(self.photo(batch)), ids)]

    def fake(self, batch: Batch) -> Tensor:
        """The translation of a validation batch; E looks at the real photos."""
        if not self.labels:
            return self.translate(batch["a"])
        features = batch.get("feature") if self.n_features else None
        if self.encoder is not None:
            ids = batch["label"] if self.label_features else batch["instance"]
            features = self.encode_features(batch["image"], ids)
        return self.translate_labels(batch["label"], batch.get("instance"), features)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The translation of a batch."""
        return self.fake(batch)

    def scores(self, batch: Batch) -> dict[str, Tensor]:
        """L1, PSNR and SSIM of the translation."""
        return paired_scores(self.fake(batch), self.photo(batch))

    def visuals(self, batch: Batch) -> Images:
        """Input (label maps as ids), translation, real photo."""
        first = {"input_label": batch["label"]} if self.labels else {"real_a": batch["a"]}
        return first | {"fake_b": self.fake(batch), "real_b": self.photo(batch)}

    def initialise_from(self, state: Mapping[str, Tensor]) -> set[str]:
        """Take what fits of an earlier model's weights; names. Scales count from the coarsest: a finer one is new."""
        judges: Any = self.discriminator.scales
        return take(self, counted_from_coarsest(state, "discriminator.scales.", len(judges)))

    def on_fit_start(self) -> None:
        """Have the weights of the perceptual term at hand, or say how to get them."""
        if self.lambda_vgg:
            self.vgg.prepare(self)

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Look for ids without a class while the batch is on the host."""
        if self.labels:
            check_labels(batch["label"], self.labels)
        return batch

    def _check_arguments(self) -> None:
        learning = {*self.generator.parameters()} - {*(self.coarse() if self.fix_global else ())}
        wrong = {
            "pictures as input go without instance maps: set model.instances=false": not self.labels and self.instances,
            "an encoder makes features: set model.n_features=3": self.encoder is not None and not self.n_features,
            "E averages its features over instance maps, which there are none: set model.label_features=true": (
                self.encoder is not None and not (self.labels if self.label_features else self.instances)
            ),
            "model.fix_global leaves nothing to train: take model/generator=local, or set it to 0": (
                not learning and self.encoder is None
            ),
            "the perceptual term is for photos of 3 channels: set model.lambda_vgg=0": (
                bool(self.lambda_vgg) and self.channels["b"] != 3
            ),
        }
        for line, holds in wrong.items():
            if holds:
                raise UserError(line)


def logits(maps: Maps) -> list[Tensor]:
    """Each scale's last map, in float32 at least."""
    return [scale[-1].to(torch.promote_types(scale[-1].dtype, torch.float32)) for scale in maps]
