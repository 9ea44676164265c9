import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo import benchmark
from gan_zoo.models import UGATIT, BicycleGAN, CycleGAN, Pix2Pix, Pix2PixHD, ProGAN, StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.ugatit import Generator
from gan_zoo.networks.unet import UNet
from gan_zoo.training.growth import Still
from tests.labelled import ENCODER, tiny

Batch = dict[str, Tensor]


def small_pix2pix(**options: Any) -> Pix2Pix:
    torch.manual_seed(0)
    unet: Any = partial(UNet, n_downs=4, ngf=4)
    judge: Any = partial(PatchGAN, ndf=4, n_layers=2)
    return Pix2Pix(generator=unet, discriminator=judge, **options)


def small_cyclegan(**options: Any) -> CycleGAN:
    torch.manual_seed(0)
    resnet: Any = partial(ResNet, n_blocks=1, ngf=4)
    return CycleGAN(generator=resnet, **options)


def batch_of(size: int) -> Batch:
    return {
        d: torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(n)) * 2 - 1 for n, d in enumerate("ab")
    }


def noise_of(size: int, batch_size: int) -> benchmark.Noise:
    return benchmark.Noise(benchmark.noise_pictures({"a": 3, "b": 3}, size, size), batch_size)


class Convolution(Pix2Pix):
    """One known product an update: a 1 x 1 convolution of 3 to 3 channels, and no discriminator."""

    def __init__(self) -> None:
        super().__init__(generator=partial(_one_by_one), discriminator=partial(PatchGAN, ndf=1), lambda_adv=0.0)  # type: ignore[arg-type]


def _one_by_one(in_channels: int, out_channels: int) -> torch.nn.Module:
    return torch.nn.Conv2d(in_channels, out_channels, 1)


def test_operations_are_counted_right() -> None:
    """Forward 2 * 3 * 3 a pixel, and as much for the gradient of the weights; the input needs none."""
    assert benchmark.flops_per_iteration(Convolution(), batch_of(16)) == 2 * (2 * 3 * 3 * 16 * 16)


def test_counting_leaves_the_model_alone() -> None:
    model = small_pix2pix()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert benchmark.flops_per_iteration(model, batch_of(16)) > 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert "minimize" not in vars(model)


def test_gradient_penalties_can_be_counted() -> None:
    plain = benchmark.flops_per_iteration(small_cyclegan(), batch_of(32))
    assert benchmark.flops_per_iteration(small_cyclegan(lambda_gp=10.0), batch_of(32)) > plain


@pytest.mark.slow
def test_the_papers_widths_take_no_more_than_the_references() -> None:
    """The references' own counts at batch 1: 87.0 GFLOP for pix2pix at 256 px, 469 for CycleGAN at 128 px."""
    assert benchmark.flops_per_iteration(Pix2Pix(), batch_of(256)) <= 87.0e9
    assert benchmark.flops_per_iteration(CycleGAN(), batch_of(128)) <= 469e9


def test_pix2pixhd_judges_a_fake_once() -> None:
    """The reference counts 1170 GFLOP at 256x512."""
    with torch.device("meta"):
        model, maps = Pix2PixHD(), torch.zeros(1, 1, 256, 512, dtype=torch.int64)
        batch = {"label": maps, "instance": maps, "image": torch.zeros(1, 3, 256, 512)}
    assert benchmark.flops_per_iteration(model, batch) <= 1145e9
    assert model.vgg.network is None


def test_steps_that_look_at_values_are_counted_by_running_them() -> None:
    """Pooling features over instances needs their ids; its products are none that count."""
    plain, encoder = (tiny(**more, encoder=ENCODER, n_features=3) for more in ({}, {"lambda_fm": 0.0}))
    scene = benchmark.noise_maps({"label": 5, "instance": 9}, 16, 32) | benchmark.noise_pictures({"image": 3}, 16, 32)
    batch = {name: value[None] for name, value in scene.items()}
    assert benchmark.flops_per_iteration(plain, batch) == benchmark.flops_per_iteration(encoder, batch) > 1e6


@pytest.mark.slow
def test_bicyclegan_computes_nothing_twice() -> None:
    """The reference counts 261 GFLOP at 256 px, batch 2: the second backward pass through G(random) is not made."""
    two = {name: images.expand(2, -1, -1, -1) for name, images in batch_of(256).items()}
    assert benchmark.flops_per_iteration(BicycleGAN(), two) <= 235e9


@pytest.mark.slow
def test_ugatit_takes_three_quarters_of_the_references_operations() -> None:
    """The reference counts 693 GFLOP for the light model at 128 px; counted without numbers, on the meta device."""
    with torch.device("meta"):
        model = UGATIT(partial(Generator, light=True))
        batch = {d: torch.zeros(1, 3, 128, 128) for d in "ab"}
        assert benchmark.flops_per_iteration(model, batch) <= 535e9


def at_64_px(kind: Any, count: int, **options: Any) -> tuple[Any, Batch]:
    """A 1024 px model of the paper's widths that has grown to 64 px, without numbers, and a batch; styles are mixed."""
    with torch.device("meta"):
        model = kind(schedule=Still(4.0), **options)
        model.chance = lambda name: 0.0
        return model, {"image": torch.zeros(count, 3, 64, 64)}


def test_stylegan_runs_d_on_reals_once_for_their_term_and_for_r1() -> None:
    """A common PyTorch port counts 653 GFLOP at 64 px, with R1."""
    assert benchmark.flops_per_iteration(*at_64_px(StyleGAN, 1)) <= 277e9


def test_progan_computes_no_gradient_that_it_throws_away() -> None:
    """A common PyTorch port counts 1036 GFLOP at 64 px, batch 2."""
    assert benchmark.flops_per_iteration(*at_64_px(ProGAN, 2)) <= 662e9


def test_r1_costs_nothing_where_it_is_lazy_and_does_not_come() -> None:
    lazy, never, always = (at_64_px(StyleGAN, 1, **how) for how in ({"r1_interval": 16}, {"gamma": 0.0}, {}))
    without = benchmark.flops_per_iteration(*never)
    assert benchmark.flops_per_iteration(*lazy, iteration=15) == without
    due = benchmark.flops_per_iteration(*lazy, iteration=16)
    assert due > benchmark.flops_per_iteration(*always) > without
    assert (due + 15 * without) / 16 <= 228e9  # of the mean iteration


def test_double_backward_passes_are_counted_without_numbers_too() -> None:
    """As where they are run: nothing falls back to the model's own device, or both would."""
    small = partial(progan.Discriminator, most=8)
    model = StyleGAN(partial(stylegan.Generator, most=8), small, resolution=16, schedule=Still(0.0))
    model.chance = lambda name: 0.0  # type: ignore[method-assign]
    batch = {"image": torch.zeros(2, 3, 16, 16)}
    found = {benchmark._count(copy.deepcopy(model), batch, 0, torch.device(name)) for name in ("cpu", "meta")}
    assert len(found) == 1


@pytest.mark.parametrize("make", [small_pix2pix, small_cyclegan])
def test_the_bare_loop_makes_the_same_weights_as_lightning(make: Any) -> None:
    noise = noise_of(32, 1)
    ours, plain = make(), make()
    for generator in (ours.generator, plain.generator):
        for layer in generator.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.0
    benchmark.time_iterations(ours, noise, {"accelerator": "cpu"}, iterations=2, warmup=1)
    assert benchmark.time_bare(plain, noise.train_dataloader(), {"accelerator": "cpu"}, iterations=2, warmup=1) > 0
    for (name, mine), theirs in zip(ours.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6), name


def test_time_is_per_iteration_and_per_image() -> None:
    noise = noise_of(16, 2)
    timing = benchmark.time_iterations(small_pix2pix(), noise, {"accelerator": "cpu"}, iterations=3, warmup=1)
    assert timing.images_per_second == pytest.approx(2 * 1000 / timing.total)
    assert timing.peak_bytes > 50e6


def test_phases_add_up_to_the_iteration() -> None:
    model = small_pix2pix()
    noise = noise_of(32, 1)
    phases = benchmark.time_phases(model, noise, {"accelerator": "cpu"}, iterations=3, warmup=1)
    assert list(phases) == list(benchmark.PHASES)
    assert all(value > 0 for value in phases.values())
    assert "manual_backward" not in vars(model)


def test_alternate_gives_the_median_and_swaps_the_order() -> None:
    order: list[str] = []

    def clock(name: str, values: Iterator[float]) -> Any:
        return lambda: (order.append(name), next(values))[1]

    median, ratios = benchmark.alternate(clock("a", iter([2.0, 3.0, 9.0])), clock("b", iter([1.0, 1.0, 1.0])), pairs=3)
    assert (median, ratios) == (3.0, [2.0, 3.0, 9.0])
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_noise_is_always_the_same_picture() -> None:
    sample = benchmark.noise_pictures({"a": 1, "b": 2}, height=8, width=6)
    loader = benchmark.Noise(sample, batch_size=3).train_dataloader()
    batch = next(iter(loader))
    assert {name: tuple(value.shape) for name, value in batch.items()} == {"a": (3, 1, 8, 6), "b": (3, 2, 8, 6)}
    assert torch.equal(batch["a"][0], batch["a"][1])
    assert batch["b"].abs().max() <= 1


def test_maps_of_noise_hold_all_ids_of_the_data() -> None:
    maps = benchmark.noise_maps({"label": 5, "instance": 9}, height=16, width=32)
    assert list(maps) == ["label", "instance"]
    assert {(*ids.shape, ids.dtype) for ids in maps.values()} == {(1, 16, 32, torch.int64)}
    assert maps["label"].unique().tolist() == list(range(5))
    assert maps["instance"].unique().tolist() == list(range(9))
