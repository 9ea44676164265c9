"""StyleGAN beyond its golden cases: chance, growth, truncation, life in a Trainer."""

from functools import partial

import torch

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
