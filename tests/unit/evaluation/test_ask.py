import pytest
import torch

from gan_zoo.data.datamodule import ImageDataModule
from gan_zoo.data.picture_module import PictureModule
from gan_zoo.errors import UserError
from gan_zoo.evaluation import ask
from gan_zoo.models.cyclegan import CycleGAN
from gan_zoo.models.stylegan import StyleGAN


def test_translators_have_directions_and_generators_samples(cyclegan: CycleGAN, generator: StyleGAN) -> None:
    assert ask.places(cyclegan) == ("ab", "ba")
    assert ask.places(generator) == ("samples",)
    with pytest.raises(UserError, match="Linear neither translates nor samples"):
        ask.places(torch.nn.Linear(1, 1))


@torch.no_grad()
def test_both_directions_are_the_models_own(cyclegan: CycleGAN) -> None:
    batch = {"a": torch.rand(2, 3, 16, 16), "b": torch.rand(2, 3, 16, 16)}
    for direction in ("ab", "ba"):
        expected = cyclegan.translate(batch[direction[0]], direction)
        assert torch.equal(ask.translated(cyclegan, batch, direction), expected)
    half = cyclegan.to(torch.float64)
    assert ask.translated(half, batch, "ab").dtype == torch.float32


@torch.no_grad()
def test_samples_depend_on_their_number_alone(generator: StyleGAN) -> None:
    together, alone = ask.made(generator, [3, 4], seed=7), ask.made(generator, [4], seed=7)
    assert together.shape == (2, 3, 32, 32)
    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-5)
    assert not torch.equal(alone, ask.made(generator, [4], seed=8))


@torch.no_grad()
def test_samples_are_not_truncated_and_of_the_running_mean(generator: StyleGAN) -> None:
    before = ask.made(generator, [0], 0)
    generator.average.mean_w.fill_(100.0)  # what truncation would draw towards
    for weight in generator.generator.parameters():
        weight.fill_(0)  # what is trained, and not shown
    assert torch.equal(ask.made(generator, [0], 0), before)


@torch.no_grad()
def test_spaces_render_their_codes(generator: StyleGAN, cyclegan: CycleGAN) -> None:
    latents, styles = ask.spaces(generator)
    assert (latents.name, styles.name) == ("z", "w")
    torch.manual_seed(1)
    first = latents.render(latents.codes([0, 1], 5))
    torch.manual_seed(1)
    assert torch.equal(first, styles.render(styles.codes([0, 1], 5)))
    same = styles.render(styles.codes([2, 2], 5))
    torch.testing.assert_close(same[0], same[1])  # one noise for all of a call
    with pytest.raises(UserError, match="CycleGAN has no latent space"):
        ask.spaces(cyclegan)


def test_data_are_counted_by_domain(two: ImageDataModule, pairs: ImageDataModule, alone: PictureModule) -> None:
    assert ask.counts(two.images("test", augment=False)) == {"a": 7, "b": 5}
    assert ask.counts(alone.images("train", augment=False)) == {"image": 9}
    assert ask.counts([{"a": 1, "b": 2}] * 3) == {"a": 3, "b": 3}
    assert ask.paired(pairs)
    assert not ask.paired(two)
    assert ask.domain({"label": 1, "image": 2}, "a") == "label"


def test_pictures_are_seen_as_the_data_show_them(two: ImageDataModule) -> None:
    gray = torch.zeros(1, 1, 4, 4)
    seen = ask.shown(two, "x", gray, {})
    assert (seen.dtype, tuple(seen.shape), int(seen[0, 0, 0, 0])) == (torch.uint8, (1, 3, 4, 4), 128)
    assert torch.equal(ask.shown(object(), "x", gray + 5, {}), torch.full((1, 3, 4, 4), 255, dtype=torch.uint8))
