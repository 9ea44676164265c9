from pathlib import Path

import pytest
import torch

from gan_zoo.data.picture_module import PictureModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation import ask
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.samples import smaller
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.distribution import FID, SWD, Variety
from gan_zoo.metrics.protocol import Sets
from gan_zoo.models.stylegan import StyleGAN
from tests.unit.evaluation.nets import Tiny, judge

MEASURES = {"fid": FID(judge(Tiny())), "swd": SWD(), "variety": Variety()}


def settings(**options: object) -> Settings:
    return Settings(**{"num_workers": 0, "cache": False, "batch_size": 4, **options})  # type: ignore[arg-type]


@torch.no_grad()
def test_as_many_are_made_as_are_real_or_as_are_asked_for(alone: PictureModule, generator: StyleGAN) -> None:
    found = evaluate(MEASURES, generator, alone, settings())
    assert set(found.values) == {
        *("fid_tiny_8/samples", "ms_ssim_of_samples_32px/samples", "swd_32px/samples"),
        *("swd_32px_level_32/samples", "swd_32px_level_16/samples"),
    }
    about = found.protocols["fid_tiny_8/samples"]
    assert (about["images"], about["real_images"], about["split"]) == (9, 9, "train")
    about = evaluate(MEASURES, generator, alone, settings(samples=12)).protocols["fid_tiny_8/samples"]
    assert (about["images"], about["real_images"]) == (12, 9)


@torch.no_grad()
def test_the_number_is_that_of_the_samples(alone: PictureModule, generator: StyleGAN) -> None:
    found = evaluate(MEASURES, generator, alone, settings()).values["fid_tiny_8/samples"]
    eye, images = judge(Tiny()), alone.images("train", augment=False)
    real = eye(ask.shown(alone, "x", torch.stack([images[i]["image"] for i in range(9)]), {}))  # type: ignore[index]
    made = eye(ask.shown(alone, "x", ask.made(generator, range(9), 0), {}))
    assert abs(found - FID(eye).found(Sets(made, real, real)).values["fid_tiny_8"]) < 1e-4


@torch.no_grad()
def test_real_pictures_shrink_to_where_a_model_has_grown(alone: PictureModule, generator: StyleGAN) -> None:
    generator.images_seen = 0
    generator.schedule.clock = lambda module: 0  # type: ignore[attr-defined]  # at its first size
    side = ask.made(generator, [0], 0).shape[-1]
    assert side < 32
    assert evaluate({"fid": MEASURES["fid"]}, generator, alone, settings()).protocols["fid_tiny_8/samples"]["size"] == (
        f"{side}x{side}"
    )
    pictures = torch.arange(16.0).view(1, 1, 4, 4)
    assert smaller(pictures, 2).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert smaller(pictures, 4) is pictures
    for side in (3, 8):
        with pytest.raises(UserError, match=f"made pictures have {side} px, and real ones 4: set data.resolution"):
            smaller(pictures, side)


@torch.no_grad()
def test_real_features_are_kept_by_size(alone: PictureModule, generator: StyleGAN, tmp_path: Path) -> None:
    first = evaluate({"fid": MEASURES["fid"]}, generator, alone, settings(cache=str(tmp_path)))
    network = Tiny()
    again = evaluate({"fid": FID(judge(network))}, generator, alone, settings(cache=str(tmp_path)))
    assert network.calls == 9
    assert again.values == first.values
