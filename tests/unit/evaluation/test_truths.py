from functools import partial
from typing import Any

import pytest
import torch
from hydra.utils import instantiate

from gan_zoo.cli.compose import Composer, forget
from gan_zoo.errors import UserError
from gan_zoo.evaluation import ask
from gan_zoo.evaluation.runner import evaluate
from gan_zoo.evaluation.settings import Settings
from gan_zoo.metrics.whole import Truth
from gan_zoo.models.bicyclegan import BicycleGAN
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.networks.latent_encoder import ResNetEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.patchgan import PatchGAN

QUICK = Settings(batch_size=3, num_workers=0, cache=False)


def world(name: str) -> Any:
    """A few small scenes of a world."""
    try:
        size = "data.resolution=32" if name.endswith("images") else "data.crop_size=32"
        options = ["data.world.test=5", "data.world.train=40", "data.world.val=8", size]
        cfg = Composer("evaluate").compose([f"data={name}", "checkpoint=x", *options, "data.num_workers=0"])
        return instantiate(cfg.data)
    finally:
        forget()


@torch.no_grad()
def test_numbers_are_those_of_the_datas_truth(cyclegan: CycleGAN) -> None:
    data = world("world_textures")
    found = evaluate({"truth": Truth()}, cyclegan, data, QUICK)
    images, known = data.images("test", augment=False), data.truth("test")
    for way in ("ab", "ba"):
        made = torch.cat([cyclegan.translate(images[i][way[0]][None], way) for i in range(5)])
        expected = known.score({way: made}, range(5))
        assert expected
        for name, value in expected.items():
            stem = name.rpartition("/")[0]
            stem = stem.removesuffix("_of_identity")
            own = f"{stem}_of_identity" if "_of_identity" in name else stem
            assert found.values[f"{own}/{way}"] == pytest.approx(value, rel=1e-4), name
    assert found.protocols["truth_l1/ab"]["images"] == 5


@torch.no_grad()
def test_models_that_draw_styles_are_asked_several_times(pairs: Any) -> None:
    torch.manual_seed(0)
    encoder = partial(ResNetEncoder, n_blocks=1, nef=2)
    generator = partial(LatentUNet, n_downs=5, ngf=2)
    model = BicycleGAN(generator=generator, encoder=encoder, discriminator=partial(PatchGAN, n_layers=1, ndf=2), nz=3)
    data = world("world_layouts_styles")
    found = evaluate({"truth": Truth(outputs=3)}, model.eval(), data, QUICK)
    assert found.protocols["truth_l1/ab"]["outputs"] == 3
    assert 0 <= found.values["truth_style_coverage/ab"] <= 1
    with pytest.raises(UserError, match="knows no true translations"):
        evaluate({"truth": Truth()}, model, pairs, QUICK)


@torch.no_grad()
def test_the_true_pictures_have_no_error(cyclegan: CycleGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    data = world("world_textures")

    def true(model: Any, batch: dict[str, torch.Tensor], direction: str) -> torch.Tensor:
        return batch[direction[1]]

    monkeypatch.setattr(ask, "translated", true)
    found = evaluate({"truth": Truth()}, cyclegan, data, QUICK).values
    assert found["truth_l1/ab"] == pytest.approx(0, abs=1e-6)
    assert found["truth_recovered/ba"] == 1
