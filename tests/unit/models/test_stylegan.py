"""StyleGAN beyond its golden cases: chance, growth, truncation, life in a Trainer."""

from functools import partial

import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.models import StyleGAN
from gan_zoo.networks.progan import Discriminator
from gan_zoo.networks.stylegan import Generator
from gan_zoo.training.growth import Growth, Still
from tests.unit.models.test_progan import fit, pictures

NETWORKS = {
    "generator": partial(Generator, latent_dim=4, style_dim=4, hidden=4, mapping_layers=2, base=64, most=4),
    "discriminator": partial(Discriminator, blurred=True, base=64, most=4),
    "resolution": 16,
}


def test_it_grows_and_the_mean_of_w_moves_twice_an_iteration() -> None:
    torch.manual_seed(0)
    model = StyleGAN(**NETWORKS, schedule=Growth(16, start=8, train_kimg=0.004, fade_kimg=0.004, batch=2, every=1))
    moves: list[str] = []
    generate = model.generate
    model.generate = lambda player, *rest: (moves.append(player), generate(player, *rest))[1]
    fit(model, [pictures(8), pictures(8), pictures(8), pictures(16), pictures(16)])
    assert moves == ["discriminator", "generator"] * 5
    assert model.generator.mean_w.abs().sum() > 0
    assert model.sample(2).shape == (2, 3, 16, 16)


def test_r1_is_that_of_full_size_pictures_and_of_the_scores_in_the_loss() -> None:
    torch.manual_seed(0)
    model = StyleGAN(**NETWORKS, gamma=4.0)
    real, fake = pictures(8)["image"], pictures(8)["image"]
    losses = model.discriminator_loss(real, fake, 1.0)
    seen = real.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model.discriminator(seen, 1.0).sum(), seen)
    torch.testing.assert_close(losses["r1"], 2.0 * gradient.square().sum(dim=(1, 2, 3)).mean() / 4)
    assert set(StyleGAN(**NETWORKS, gamma=0.0).discriminator_loss(real, fake, 1.0)) == {"real", "fake"}


def test_lazy_r1_comes_in_one_of_k_iterations_times_k_and_betas_follow() -> None:
    """StyleGAN2's: the rate times k / (k + 1), betas to this power; D takes k + 1 steps in k iterations."""
    torch.manual_seed(0)
    model = StyleGAN(**NETWORKS, gamma=4.0, r1_interval=3, schedule=Still(1.0))
    came: list[int] = []
    loss = model.r1_loss
    model.r1_loss = lambda *args: (came.append(model.images_seen // 2), loss(*args))[1]
    trainer = fit(model, [pictures(8) for _ in range(5)])
    judge, maker = trainer.optimizers
    assert came == [0, 3]
    assert [optimizer.state[optimizer.param_groups[0]["params"][0]]["step"] for optimizer in (judge, maker)] == [7, 5]
    assert [group["lr"] for group in judge.param_groups] == [0.001 * 3 / 4]
    assert [group["betas"] for group in judge.param_groups] == [(0.0, 0.99 ** (3 / 4))]
    assert (maker.param_groups[0]["lr"], maker.param_groups[0]["betas"]) == (0.001, (0.0, 0.99))
    real = pictures(8)["image"]
    always = StyleGAN(**NETWORKS, gamma=4.0)
    always.load_state_dict(model.state_dict())
    terms = model.discriminator_loss(real, real, 1.0)
    assert set(terms) == {"real", "fake"}
    expected = always.discriminator_loss(real, real, 1.0)
    torch.testing.assert_close(model.r1_loss(real, 1.0)["r1"], 3 * expected["r1"])
    torch.testing.assert_close(terms["real"], expected["real"])


def test_r1_of_every_iteration_and_none_at_all_leave_adam_alone() -> None:
    for options in ({}, {"gamma": 0.0, "r1_interval": 16}):
        (judge, _) = StyleGAN(**NETWORKS, **options).configure_optimizers()
        assert (judge.param_groups[0]["lr"], judge.param_groups[0]["betas"]) == (0.001, (0.0, 0.99))
    with pytest.raises(UserError, match="give r1_interval 1 or more"):
        StyleGAN(**NETWORKS, r1_interval=0)


def test_r1_is_made_at_full_precision() -> None:
    torch.manual_seed(0)
    model, real = StyleGAN(**NETWORKS), pictures(8)["image"]
    exact = model.discriminator_loss(real, real, 1.0)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model.discriminator_loss(real, real, 1.0)
    assert torch.equal(mixed["r1"], exact["r1"])
    assert torch.equal(mixed["real"], exact["real"])
    assert not torch.equal(mixed["fake"], exact["fake"])


def test_a_crossover_is_anywhere_within_the_layers_in_use_or_nowhere() -> None:
    model = StyleGAN(**NETWORKS, mixing=0.5)
    found = []
    for chance in (0.0, 0.499, 0.6):
        for place in (0.0, 0.5, 0.999):
            answers = iter((chance, place))
            model.chance = lambda name, answers=answers: next(answers)
            found.append(model.crossover("generator", 6))
    assert found == [1, 3, 5, 1, 3, 5, 6, 6, 6]


def test_the_running_mean_forgets_half_in_its_kilo_images() -> None:
    torch.manual_seed(0)
    model = StyleGAN(**NETWORKS, ema_kimg=0.002, schedule=Still(1.0))
    with torch.no_grad():
        model.average.synthesis.constant.zero_()
    fit(model, [pictures(8)])
    # Two images are one half-life; the mean follows before the generator's update, whose constant was 1.
    torch.testing.assert_close(model.average.synthesis.constant, torch.full((1, 4, 4, 4), 0.5))


def test_without_noise_none_is_drawn() -> None:
    model = StyleGAN(
        generator=partial(NETWORKS["generator"], noise=False),
        discriminator=NETWORKS["discriminator"],
        resolution=16,
    )
    drawn: list[str] = []
    draw = model.draw
    model.draw = lambda name, shape: (drawn.append(name), draw(name, shape))[1]
    model.generate("generator", 2, 0.0)
    assert drawn == ["generator_z", "generator_z2"]


def test_samples_are_truncated() -> None:
    torch.manual_seed(0)
    model = StyleGAN(**NETWORKS, schedule=Still())
    assert torch.equal(model.sample(2, psi=0.0, cutoff=99)[0], model.sample(2, psi=0.0, cutoff=99)[1])
    assert not torch.equal(model.sample(2, psi=None)[0], model.sample(2, psi=None)[1])


def small() -> StyleGAN:
    torch.manual_seed(0)
    return StyleGAN(**NETWORKS, schedule=Still())


def test_a_sample_is_that_of_its_seed_whatever_the_others_are() -> None:
    model = small()
    torch.testing.assert_close(model.sample(3, seed=5)[1], model.sample(1, seed=6)[0], rtol=1e-4, atol=1e-5)


def test_a_table_mixes_the_styles_of_columns_into_rows() -> None:
    model = small()
    near = {"rtol": 1e-4, "atol": 1e-5}
    everything, nothing = slice(0, None), slice(0, 0)
    assert model.mix([1, 2], [3, 4, 5]).shape == (2, 3, 3, 16, 16)
    torch.testing.assert_close(model.mix([1, 2], [3, 4, 5], nothing)[1, 0], model.sample(1, seed=2)[0], **near)
    torch.testing.assert_close(model.mix([1, 2], [3, 4, 5], everything)[1, 2], model.sample(1, seed=5)[0], **near)


def test_pictures_without_noise_are_others_where_noise_has_weight() -> None:
    model = small()
    assert torch.equal(model.sample(1), model.sample(1, noise=False))
    for epilogue in model.average.synthesis.epilogues:
        epilogue.noise_weight.data.fill_(1.0)
    assert not torch.equal(model.sample(1), model.sample(1, noise=False))


def test_a_way_between_styles_includes_its_ends() -> None:
    model = small()
    first, second = model.codes([0, 1])
    way = model.interpolate(first, second, 5)
    assert way.shape == (5, *first.shape)
    torch.testing.assert_close(way[[0, 2, 4]], torch.stack([first, (first + second) / 2, second]))


def test_the_mean_of_w_is_measured_of_the_running_mean() -> None:
    model = small()
    mean = model.mean_w(100)
    assert torch.equal(model.average.mean_w, mean)
    assert mean.abs().sum() > 0
    assert torch.equal(model.codes([3], psi=0.0, cutoff=1)[0, 0], mean)


def test_samples_in_float64() -> None:
    model = small()
    single = model.sample(2)
    torch.testing.assert_close(model.double().sample(2).float(), single, rtol=1e-3, atol=1e-4)
    assert model.mean_w(10).dtype == torch.float64
