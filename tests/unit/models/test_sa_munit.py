"""SA-MUNIT is MUNIT with attention somewhere (its numbers are golden cases)."""

from functools import partial
from pathlib import Path

import pytest
import torch

from gan_zoo.layers.attention import SelfAttention
from gan_zoo.models import MUNIT, SAMUNIT
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from tests.unit import world

CODER = partial(StyleAutoEncoder, style_dim=2, ngf=4, mlp_dim=4, n_downs=1, n_blocks=1)
JUDGE = partial(MultiScale, n_scales=1, ndf=4, each=partial(StridedPatch, n_layers=2))


def small(attention: object = None) -> SAMUNIT:
    torch.manual_seed(0)
    return SAMUNIT(generator=CODER, discriminator=JUDGE, attention=attention)  # type: ignore[arg-type]


def gammas(model: MUNIT) -> list[float]:
    return [layer.gamma.item() for layer in model.modules() if isinstance(layer, SelfAttention)]


def test_a_bare_constructor_gives_the_references_arrangement() -> None:
    with torch.device("meta"):
        model = SAMUNIT()
    for d in "ab":
        assert sum(p.numel() for p in model.generator[d].parameters()) == 15_108_428
        assert sum(p.numel() for p in model.discriminator[d].parameters()) == 9_256_134
        assert isinstance(model.generator[d].decoder.layers[0], SelfAttention)
        for scale in model.discriminator[d].scales:
            assert isinstance(scale.layers[-2], SelfAttention)
    assert len([layer for layer in model.modules() if isinstance(layer, SelfAttention)]) == 2 * (1 + 3)


def test_another_arrangement_replaces_the_references() -> None:
    assert gammas(small()) == [0.0] * 4
    assert gammas(small("none")) == []
    assert gammas(small("decoder")) == [0.0] * 2
    assert gammas(small({"discriminator": [2]})) == [0.0] * 2


@torch.no_grad()
def test_a_new_one_is_munit_until_gamma_grows() -> None:
    model, plain = small(), MUNIT(generator=CODER, discriminator=JUDGE)
    for d in "ab":
        ours, theirs = plain.generator[d], model.generator[d]
        layers = [layer for layer in theirs.decoder.layers if not isinstance(layer, SelfAttention)]
        for mine, its in zip(ours.decoder.layers, layers, strict=True):
            mine.load_state_dict(its.state_dict())
        ours.decoder.blocks.load_state_dict(theirs.decoder.blocks.state_dict())
        for part in ("style_encoder", "content_encoder", "mlp"):
            getattr(ours, part).load_state_dict(getattr(theirs, part).state_dict())
    images, style = world.batch(1)["a"], torch.ones(1, 2)
    assert torch.equal(model.translate(images, style=style), plain.translate(images, style=style))
    model.generator["b"].decoder.layers[0].gamma.fill_(1.0)
    assert not torch.allclose(model.translate(images, style=style), plain.translate(images, style=style), atol=1e-4)


def test_gamma_learns_and_a_checkpoint_brings_it_back(tmp_path: Path) -> None:
    model = small()
    trainer = world.fit(model, world.samples(2))
    assert all(gamma != 0 for gamma in gammas(model))
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    again = SAMUNIT.load_from_checkpoint(tmp_path / "model.ckpt")
    assert gammas(again) == gammas(model)
    assert torch.equal(world.weights(again), world.weights(model))


@pytest.mark.parametrize("attention", ["none", "reference", "decoder", {"discriminator": [2]}])
def test_other_arrangements_train(attention: object) -> None:
    model = small(attention)
    world.fit(model, world.samples(1))
    assert all(torch.isfinite(p).all() for p in model.parameters())
