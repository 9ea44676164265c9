"""BicycleGAN beyond its golden cases: halves of batches, weights of 0, codes, life in a Trainer."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import batch_norm
from gan_zoo.models import BicycleGAN
from gan_zoo.networks.latent_encoder import ConvEncoder
from gan_zoo.networks.latent_unet import LatentUNet
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.patchgan import PixelGAN
from gan_zoo.training.schedules import Linear
from tests.unit import world

JUDGE = partial(MultiScale, narrowing=2, ndf=4, each=partial(PixelGAN))


def bicyclegan(**arguments: Any) -> BicycleGAN:
    """The same weights each time; pictures of 16 to 31 px."""
    torch.manual_seed(0)
    parts = {"generator": partial(LatentUNet, n_downs=3, ngf=4), "encoder": partial(ConvEncoder, n_layers=1, nef=4)}
    return BicycleGAN(**{**parts, "discriminator": JUDGE, "nz": 3, **arguments})


def trained(model: BicycleGAN, count: int = 4, batch_size: int = 2, **arguments: Any) -> BicycleGAN:
    data = world.samples(count, a=model.channels["a"], b=model.channels["b"])
    world.fit(model, data, batch_size=batch_size, **arguments)
    return model


def terms(model: BicycleGAN) -> set[str]:
    return {name for name in model.terms if not name.startswith("discriminator/accuracy")}


def test_a_bare_constructor_gives_the_papers_model() -> None:
    model = BicycleGAN()
    counts = {player: sum(p.numel() for p in getattr(model, player).parameters()) for player in model.players}
    assert counts == {"encoder": 2_590_032, "generator": 54_794_627, "discriminator": 2 * 3_458_978}
    assert (model.lambda_adv, model.lambda_l1, model.lambda_z) == ({"encoded": 1, "random": 1}, 10, 0.5)
    assert (model.lambda_kl, model.style_dim, model.schedule) == (0.01, 8, Linear(100, 100))
    for optimizer in model.configure_optimizers():
        assert type(optimizer) is Adam
        assert (optimizer.defaults["lr"], tuple(optimizer.defaults["betas"])) == (2e-4, (0.5, 0.999))


# ---- objectives

ADV = {"generator/adv_encoded", "generator/adv_random"}
JUDGED = {f"discriminator/{kind}_{cycle}" for kind in ("fake", "real") for cycle in ("encoded", "random")}
REST = {"generator/l1", "generator/kl", "generator/z_l1"}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({}, ADV | JUDGED | REST),
        ({"lambda_adv": 0.0}, REST),
        (
            {"lambda_adv": {"encoded": 0.0, "random": 1.0}},
            REST | {name for name in ADV | JUDGED if name.endswith("random")},
        ),
        ({"lambda_z": 0.0}, ADV | JUDGED | REST - {"generator/z_l1"}),
        ({"lambda_kl": 0.0, "lambda_l1": 0.0}, ADV | JUDGED | {"generator/z_l1"}),
    ],
)
def test_a_term_of_weight_0_is_left_out(weights: dict[str, Any], expected: set[str]) -> None:
    model = trained(bicyclegan(**weights))
    assert terms(model) == expected
    assert len(model.players) == (2 if weights.get("lambda_adv") == 0.0 else 3)


def test_nothing_to_minimise_is_one_line() -> None:
    with pytest.raises(UserError, match="nothing to minimise"):
        bicyclegan(lambda_adv=0.0, lambda_l1=0.0, lambda_z=0.0)


def moved(model: BicycleGAN) -> dict[str, bool]:
    before = {player: world.weights(getattr(model, player)) for player in model.players}
    trained(model, count=2)
    return {player: not torch.equal(before[player], world.weights(getattr(model, player))) for player in model.players}


def test_the_latent_term_leaves_the_encoder_alone() -> None:
    alone = bicyclegan(lambda_adv=0.0, lambda_l1=0.0, lambda_kl=0.0)
    assert moved(alone) == {"encoder": False, "generator": True}
    assert moved(bicyclegan()) == {"encoder": True, "generator": True, "discriminator": True}


def test_sums_run_over_the_images_of_all_micro_batches() -> None:
    """So that micro-batches, whose gradients are averaged, sum up to one batch."""
    one, two = bicyclegan(), bicyclegan()
    for model, micro in ((one, 1), (two, 2)):
        model.draw = lambda name, shape: torch.ones(shape)  # type: ignore[method-assign]  # the same for both
        trained(model, count=4, accumulate_grad_batches=micro, max_steps=1)
        assert model.global_step == 1
    seen = bicyclegan()
    means = [seen.encoder(sample["b"][None]) for sample in world.samples(4)[::2]]  # the first half of each batch of 2
    kl = [-0.5 * (1 + logvar - mean.square() - logvar.exp()).sum().item() for mean, logvar in means]
    assert one.terms["generator/kl"].item() == pytest.approx(0.01 * kl[0], rel=1e-4)
    assert two.terms["generator/kl"].item() == pytest.approx(0.01 * 2 * kl[1], rel=1e-4)


def test_a_slip_of_the_reference_sums_over_images() -> None:
    fake = {"encoded": torch.rand(3, 3, 16, 16), "random": torch.rand(3, 3, 16, 16)}
    plain = bicyclegan().discriminator_loss(fake, fake, 3)
    summed = bicyclegan(sum_over_images=True).discriminator_loss(fake, fake, 3)
    for name, term in plain.items():
        torch.testing.assert_close(summed[name], 3 * term)


def test_discriminators_are_two_or_one() -> None:
    assert bicyclegan().discriminator["encoded"] is not bicyclegan().discriminator["random"]
    shared = bicyclegan(shared_discriminator=True)
    assert shared.discriminator["encoded"] is shared.discriminator["random"]
    assert len(list(shared.discriminator.parameters())) == len(list(JUDGE(3).parameters()))
    assert terms(trained(shared)) == ADV | JUDGED | REST
    unlike = bicyclegan(discriminator={"encoded": JUDGE, "random": partial(JUDGE, n_scales=1)})
    assert [len(judge.scales) for judge in unlike.discriminator.values()] == [2, 1]  # type: ignore[arg-type]


# ---- halves


def weights_after(data: list[dict[str, Tensor]], batch_size: int = 2, **arguments: Any) -> Tensor:
    model = bicyclegan(**arguments)
    world.fit(model, data, batch_size=batch_size)
    return world.weights(model)


def test_inputs_of_the_second_half_are_seen_by_conditional_discriminators_only() -> None:
    data, other = world.samples(2), world.samples(2)
    other[1]["a"] = -other[1]["a"]
    assert torch.equal(weights_after(data), weights_after(other))
    assert not torch.equal(weights_after(data, conditional=True), weights_after(other, conditional=True))
    other[1]["b"] = -other[1]["b"]
    assert not torch.equal(weights_after(data), weights_after(other))


def test_images_that_fill_no_half_are_left_out() -> None:
    data = world.samples(7)
    assert torch.equal(weights_after(data[:5]), weights_after(data[:4]))
    assert torch.equal(weights_after(data, batch_size=4), weights_after(data[:6], batch_size=4))


def test_odd_batches_are_refused_at_the_start() -> None:
    with pytest.raises(UserError, match="a batch size of 3 is odd, take 4"):
        trained(bicyclegan(), batch_size=3)


def test_fakes_of_one_pass_are_those_of_two() -> None:
    data = world.samples(4)
    sgd = {"optimizer": world.SLOW_SGD}  # Adam makes steps of rounding noise
    together, apart = weights_after(data, **sgd), weights_after(data, share_passes=False, **sgd)
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-6)
    dropout = partial(LatentUNet, n_downs=6, ngf=2, dropout=True)
    assert not bicyclegan(generator=dropout).merges["generator"]
    assert not bicyclegan(generator=partial(LatentUNet, n_downs=3, ngf=2, norm=batch_norm)).merges["generator"]


def test_draws_come_in_the_references_order() -> None:
    model, drawn = bicyclegan(), []

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        drawn.append((name, tuple(shape)))
        return torch.zeros(shape)

    model.draw = draw  # type: ignore[method-assign]  # listened to
    trained(model, count=4, batch_size=4)
    assert drawn == [("eps", (2, 3)), ("z_random", (2, 3))]


# ---- codes


@torch.no_grad()
def test_any_size_with_a_code_for_all_or_for_each() -> None:
    model = bicyclegan(channels={"a": 1, "b": 2}).eval()
    images, styles = torch.rand(2, 1, 21, 13), torch.randn(2, 3)
    made = model.translate(images, style=styles)
    assert made.shape == (2, 2, 21, 13)
    torch.testing.assert_close(model.translate(images, style=styles[1:])[1], made[1])
    assert model.translate(images).shape == made.shape
    with pytest.raises(UserError, match=r"translates ab, not ba: train the other way with data\.direction=ba"):
        model.translate(images, "ba")


@torch.no_grad()
def test_styles_of_pictures_of_any_size() -> None:
    model = bicyclegan().eval()
    fitting = torch.rand(2, 3, 20, 24)
    torch.testing.assert_close(model.encode_style(fitting), model.encoder(fitting)[0])
    assert model.encode_style(torch.rand(1, 3, 90, 10)).shape == (1, model.style_dim)
    with pytest.raises(UserError, match="translates ab, not ba"):
        model.encode_style(fitting, "ba")
    way = model.interpolate(torch.ones(3), torch.tensor([1.0, -1.0, 1.0]), 4)
    assert way.shape == (4, 3)


def test_without_codes_it_translates_but_cannot_be_trained() -> None:
    generator = partial(LatentUNet, n_downs=3, ngf=4)
    with pytest.warns(UserWarning, match="zero-element"):
        model = bicyclegan(generator=generator, nz=0)
    assert model.translate(torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16)
    with pytest.raises(UserError, match=r"learns codes: set model\.nz"):
        trained(model)


@torch.no_grad()
def test_pictures_have_the_target_its_own_code_and_random_ones() -> None:
    model = bicyclegan().eval()
    for parameter in model.generator.parameters():
        parameter.normal_(std=0.3)
    data = world.batch()
    data["a"][1] = data["a"][0]
    shown = model.visuals(data)
    assert list(shown) == ["real_a", "real_b", "encoded_b", "random_1", "random_2", "random_3"]
    torch.testing.assert_close(shown["random_1"][0], shown["random_1"][1])  # a column has one code
    assert not torch.allclose(shown["random_1"], shown["random_2"])
    assert not torch.allclose(shown["encoded_b"][0], shown["encoded_b"][1])


@torch.no_grad()
def test_scores() -> None:
    model, data = bicyclegan().eval(), world.batch()
    scores = model.scores(data)
    assert set(scores) == {"l1", "psnr", "ssim", "diversity"}
    encoded = model.translate(data["a"], style=model.encode_style(data["b"]))
    torch.testing.assert_close(scores["l1"], (encoded - data["b"]).abs().mean())
    assert scores["diversity"] > 0


def test_sizes_that_a_part_cannot_take_are_one_line() -> None:
    with pytest.raises(UserError, match=r"this encoder takes pictures with sides of 16 to 31 px, not 32x32"):
        world.fit(bicyclegan(), world.samples(2, size=32), batch_size=2)
    deep = bicyclegan(generator=partial(LatentUNet, n_downs=5, ngf=1))
    with pytest.raises(UserError, match="multiples of 32, not 16x16"):
        world.fit(deep, world.samples(2), batch_size=2)
