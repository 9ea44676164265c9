"""A pix2pixHD that learns from data sets of pairs: its label and instance maps are made of the pictures a."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_zoo.layers.norm import instance_norm
from gan_zoo.models.pix2pixhd import Pix2PixHD
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.pix2pixhd import FeatureEncoder, GlobalGenerator, LocalEnhancer

GLOBAL = partial(GlobalGenerator, n_downs=1, n_blocks=1, ngf=4)
LOCAL = partial(LocalEnhancer, n_downs=1, n_blocks=1, ngf=2, n_local_blocks=1)
ENCODER = partial(FeatureEncoder, n_downs=1, nef=2)
JUDGES = partial(
    MultiScale, ndf=4, each=partial(PatchGAN, n_layers=2, norm=instance_norm, bias=True, padding=2, widest=512)
)


class FromPairs(Pix2PixHD):
    """Five classes by brightness, each in instances that are columns of 16 px."""

    def on_before_batch_transfer(self, batch: dict[str, Tensor], dataloader_idx: int) -> dict[str, Tensor]:
        """{"a", "b"} -> {"label", "instance", "image"}."""
        label = (2.5 * (batch["a"].mean(1, keepdim=True) + 1)).long().clamp(0, 4)
        columns = torch.arange(label.shape[-1]) // 16
        made = {"label": label, "instance": 1000 * label + columns, "image": batch["b"]}
        return super().on_before_batch_transfer(made, dataloader_idx)


def tiny(kind: type[Pix2PixHD] = Pix2PixHD, **arguments: Any) -> Any:
    """A narrow one without the perceptual term."""
    chosen = {"generator": GLOBAL, "discriminator": JUDGES, "labels": 5, "lambda_vgg": 0.0, **arguments}
    return kind(**chosen)


COARSE_TO_FINE = partial(tiny, FromPairs, generator=LOCAL, encoder=ENCODER, n_features=3, fix_global=1)
