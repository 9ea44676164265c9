"""ProGAN beyond its golden cases: life in a Trainer, growth, samples."""

import warnings
from functools import partial
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch.utils.data import DataLoader

from gan_zoo.models import ProGAN
from gan_zoo.networks.progan import Discriminator, Generator
from gan_zoo.training.growth import Growth

NETWORKS = {
    "generator": partial(Generator, latent_dim=4, base=32, most=4),
    "discriminator": partial(Discriminator, base=32, most=4),
    "resolution": 8,
}


def fit(model: Any, batches: list[dict[str, torch.Tensor]]) -> Trainer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = Trainer(
            accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False
        )
        trainer.fit(model, DataLoader(batches, batch_size=None, shuffle=False))
    return trainer


def pictures(side: int, count: int = 2) -> dict[str, torch.Tensor]:
    return {"image": torch.rand(count, 3, side, side) * 2 - 1}


def test_it_grows_renews_its_optimisers_and_its_mean_follows() -> None:
    torch.manual_seed(0)
    schedule = Growth(8, start=4, train_kimg=0.004, fade_kimg=0.004, batch=2, every=1)
    model = ProGAN(**NETWORKS, schedule=schedule)
    before = model.average.dense.weight.clone()
    counts: list[int] = []
    renew = model.renew
    model.renew = lambda *players: (counts.append(model.images_seen), renew(*players))
    # Images seen before each iteration: 0, 2, 4 at 4 px; 6 in the fade; 8 and on at 8 px.
    trainer = fit(model, [pictures(4), pictures(4), pictures(4), pictures(8), pictures(8), pictures(8)])
    assert trainer.global_step == 6
    assert counts == [0, 6, 8]
    assert not torch.equal(model.average.dense.weight, before)
    assert model.generator.blocks[0][0].weight.grad is not None
    assert model.sample(3).shape == (3, 3, 8, 8)


def test_terms_and_their_weights() -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS, lambda_gp=2.0, drift=0.5)
    real, fake = pictures(8)["image"], pictures(8)["image"]
    losses = model.discriminator_loss(real, fake, torch.full((2, 1), 0.5), None, 0.0)
    assert set(losses) == {"real", "fake", "gp", "drift"}
    score = model.discriminator(real)[:, 0]
    torch.testing.assert_close(losses["real"], -score.mean())
    torch.testing.assert_close(losses["drift"], 0.5 * score.square().mean())


def test_norms_are_those_of_full_size_pictures() -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS)
    small = pictures(4)["image"]
    mixing = torch.zeros(2, 1)
    native = small.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model.discriminator(native, 1.0).sum(), native)
    torch.testing.assert_close(model.mixed_norm(small, small, mixing, 1.0), gradient.flatten(1).norm(dim=1) / 2)


def test_the_penalty_is_made_at_full_precision() -> None:
    torch.manual_seed(0)
    model, (real, fake), mixing = ProGAN(**NETWORKS), (pictures(8)["image"] for _ in "ab"), torch.rand(2, 1)
    exact = model.discriminator_loss(real, fake, mixing, None, 0.0)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model.discriminator_loss(real, fake, mixing, None, 0.0)
    assert torch.equal(mixed["gp"], exact["gp"])
    assert not torch.equal(mixed["fake"], exact["fake"])


def test_classes_are_told_and_learned() -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS, labels=3, schedule=Growth(8, start=8, batch=2))
    fit(model, [{**pictures(8), "class": torch.tensor([0, 2])}])
    assert {"discriminator/class", "generator/class"} <= set(model.terms)


def test_samples_are_the_same_each_time_and_not_trained() -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS, schedule=Growth(8, start=8))
    assert torch.equal(model.sample(2, seed=3), model.sample(2, seed=3))
    assert not torch.equal(model.sample(2, seed=3), model.sample(2, seed=4))
    shown = model.visuals(pictures(8))
    assert list(shown) == ["real", "sample"]
    assert shown["sample"].abs().max() <= 1
    assert torch.equal(model.visuals(pictures(16))["sample"][..., ::2, ::2], shown["sample"])


def test_a_way_between_latents_is_an_arc_with_both_ends() -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS, schedule=Growth(8, start=8))
    first, second = model.codes([0, 1])
    way = model.interpolate(first, second, 3)
    torch.testing.assert_close(way[[0, 2]], torch.stack([first, second]))
    assert model.paint(way).shape == (3, 3, 8, 8)
    steps = [torch.cosine_similarity(way[1], end, dim=0) for end in (first, second)]
    assert steps[0] > torch.cosine_similarity(first, second, dim=0)


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_only_the_player_at_work_gets_gradients(name: str) -> None:
    torch.manual_seed(0)
    model = ProGAN(**NETWORKS, schedule=Growth(8, start=8))
    with model.frozen_except(name):
        if name == "generator":
            losses = model.generator_loss(torch.randn(2, 4), None, 0.0)
        else:
            losses = model.discriminator_loss(*(pictures(8)["image"] for _ in "ab"), torch.zeros(2, 1), None, 0.0)
        sum(losses.values()).backward()
    other = {"generator": "discriminator", "discriminator": "generator"}[name]
    assert any(p.grad is not None for p in getattr(model, name).parameters())
    assert all(p.grad is None for p in getattr(model, other).parameters())


def test_samples_in_float64() -> None:
    model = ProGAN(**NETWORKS, schedule=Growth(8, start=8)).double()
    assert model.sample(2).dtype == torch.float64
