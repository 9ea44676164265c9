from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo import benchmark
from gan_zoo.models import MUNIT, UNIT, BicycleGAN, CycleGAN, Pix2Pix, Pix2PixHD
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.networks.resnet import ResNet
from gan_zoo.networks.unet import UNet
from gan_zoo.networks.vgg import VGG19

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
    """The reference counts 1170 GFLOP at 256x512; counted without numbers, on the meta device."""
    with torch.device("meta"):
        model, maps = Pix2PixHD(), torch.zeros(1, 1, 256, 512, dtype=torch.int64)
        model.vgg.network = VGG19().network().requires_grad_(False)
        batch = {"label": maps, "instance": maps, "image": torch.zeros(1, 3, 256, 512)}
        assert benchmark.flops_per_iteration(model, batch) <= 1145e9


@pytest.mark.parametrize(("kind", "bound"), [(MUNIT, 530e9), (UNIT, 632e9)])
def test_contents_are_encoded_once(kind: Any, bound: float) -> None:
    """The references count 559 and 656 GFLOP at 128 px: their discriminators' update encodes contents, and styles."""
    with torch.device("meta"):
        model, batch = kind(), {d: torch.zeros(1, 3, 128, 128) for d in "ab"}
        model.draw = lambda name, shape: torch.zeros(shape)
        assert benchmark.flops_per_iteration(model, batch) <= bound


@pytest.mark.slow
def test_bicyclegan_computes_nothing_twice() -> None:
    """The reference counts 261 GFLOP at 256 px, batch 2: the second backward pass through G(random) is not made."""
    two = {name: images.expand(2, -1, -1, -1) for name, images in batch_of(256).items()}
    assert benchmark.flops_per_iteration(BicycleGAN(), two) <= 235e9


@pytest.mark.parametrize("make", [small_pix2pix, small_cyclegan])
def test_the_bare_loop_makes_the_same_weights_as_lightning(make: Any) -> None:
    noise = benchmark.Noise({"a": 3, "b": 3}, size=32, batch_size=1)
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
    noise = benchmark.Noise({"a": 3, "b": 3}, size=16, batch_size=2)
    timing = benchmark.time_iterations(small_pix2pix(), noise, {"accelerator": "cpu"}, iterations=3, warmup=1)
    assert timing.images_per_second == pytest.approx(2 * 1000 / timing.total)
    assert timing.peak_bytes > 50e6


def test_phases_add_up_to_the_iteration() -> None:
    model = small_pix2pix()
    noise = benchmark.Noise({"a": 3, "b": 3}, size=32, batch_size=1)
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
    loader = benchmark.Noise({"a": 1, "b": 2}, size=8, batch_size=3).train_dataloader()
    batch = next(iter(loader))
    assert {name: tuple(value.shape) for name, value in batch.items()} == {"a": (3, 1, 8, 8), "b": (3, 2, 8, 8)}
    assert torch.equal(batch["a"][0], batch["a"][1])
    assert batch["b"].abs().max() <= 1
