"""Compiled networks train the weights that uncompiled ones do."""

import copy
import shutil
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from lightning import Trainer, seed_everything
from tests.unit import world
from torch import Tensor, nn
from torch.optim import SGD
from torch.utils.data import DataLoader

from gan_zoo.callbacks import compiling
from gan_zoo.callbacks.compiling import Compile, called
from gan_zoo.errors import UserError
from gan_zoo.models import MUNIT, CycleGAN, Pix2Pix, ProGAN, StyleGAN
from gan_zoo.networks import progan, stylegan
from gan_zoo.networks.multiscale import MultiScale
from gan_zoo.networks.munit import StridedPatch, StyleAutoEncoder
from gan_zoo.training.growth import Growth

STEPS = partial(SGD, lr=0.01)  # Adam makes steps of the rounding noise of biases in front of a norm
GROWTH = {"resolution": 8, "schedule": Growth(8, train_kimg=0.002, fade_kimg=0.008, batch=2, every=1)}


def two_layers(in_channels: int, channels: int) -> nn.Module:
    """As little as there can be to compile."""
    return nn.Sequential(nn.Conv2d(in_channels, 2, 1), nn.Tanh(), nn.Conv2d(2, channels, 1))


def judge(channels: int) -> nn.Module:
    """The same."""
    return two_layers(channels, 1)


MODELS: dict[str, Any] = {
    "two layers and a penalty": partial(Pix2Pix, two_layers, judge, lambda_gp=1.0, optimizer=STEPS),
    "pix2pix": partial(world.pix2pix, optimizer=STEPS),
    "cyclegan with a penalty": partial(world.cyclegan, lambda_gp=1.0, pool_size=0, optimizer=STEPS),
    "munit": partial(
        MUNIT,
        partial(StyleAutoEncoder, style_dim=2, mlp_dim=4, ngf=4, n_downs=1, n_blocks=1),
        partial(MultiScale, n_scales=1, ndf=4, each=partial(StridedPatch, n_layers=2)),
        optimizer=STEPS,
    ),
    "progan": partial(
        ProGAN, partial(progan.Generator, most=4), partial(progan.Discriminator, most=4), optimizer=STEPS, **GROWTH
    ),
    "stylegan": partial(
        StyleGAN,
        partial(stylegan.Generator, latent_dim=4, style_dim=4, hidden=4, mapping_layers=2, most=4),
        partial(progan.Discriminator, most=4, blurred=True),
        optimizer=STEPS,
        **GROWTH,
    ),
}


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """As they were."""
    import torch._dynamo.config as dynamo

    before = dynamo.recompile_limit, dynamo.accumulated_recompile_limit
    yield
    dynamo.recompile_limit, dynamo.accumulated_recompile_limit = before
    torch.compiler.reset()


def batches(name: str) -> list[dict[str, Tensor]]:
    """Pairs, or pictures of a first size, of a fade's begin and of its middle."""
    if name not in ("progan", "stylegan"):
        return [world.batch(2, 16)] * 2
    noise = torch.Generator().manual_seed(1)
    return [{"image": 2 * torch.rand(2, 3, side, side, generator=noise) - 1} for side in (4, 4, 8, 8)]


def trained(name: str, callbacks: list[Any]) -> Any:
    """A model after a few iterations."""
    seed_everything(3, verbose=False)
    model = MODELS[name]()
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = Trainer(accelerator="cpu", max_epochs=1, callbacks=callbacks, **quiet)  # type: ignore[arg-type]
        trainer.fit(model, DataLoader(batches(name), batch_size=None, shuffle=False))  # type: ignore[arg-type]
    return model


def assert_same(plain: Any, compiled: Any) -> None:
    assert plain.terms.keys() == compiled.terms.keys()
    for name, value in plain.terms.items():
        torch.testing.assert_close(compiled.terms[name], value, rtol=1e-4, atol=1e-5)
    state = plain.state_dict()
    assert compiled.state_dict().keys() == state.keys()
    for name, value in compiled.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=1e-4, atol=1e-6)


def names(model: Any) -> set[str]:
    """Where the networks are that are compiled."""
    found = {id(network) for player in model.players for network in called(getattr(model, player))}
    return {name for name, module in model.named_modules() if id(module) in found}


def test_what_is_called_is_compiled() -> None:
    assert names(world.pix2pix()) == {"generator", "discriminator"}
    assert names(CycleGAN(world.RESNET, world.PATCHGAN)) == {
        *("generator.ab", "generator.ba", "discriminator.a", "discriminator.b")
    }
    assert {"generator.a.content_encoder", "generator.b.decoder", "discriminator.a"} <= names(MODELS["munit"]())
    parts = names(MODELS["stylegan"]())
    assert {"generator.mapping", "generator.synthesis.epilogues.3", "generator.synthesis.convs.0"} <= parts
    assert {"discriminator.blocks.0", "discriminator.from_rgb.1", "discriminator.score"} <= parts
    assert not {"generator", "generator.synthesis", "discriminator", "discriminator.blocks.0.0"} & parts
    assert not any(name.startswith("average") for name in parts)


class Fitting:
    """As much of a trainer as the callback asks for."""

    def __init__(self, device: str) -> None:
        self.strategy = self
        self.root_device = torch.device(device)


def test_weights_keep_their_names_and_validation_compiles_nothing() -> None:
    model = world.pix2pix()
    before = list(model.state_dict())
    Compile("eager").setup(Fitting("cpu"), model, "validate")  # type: ignore[arg-type]
    assert model.generator._compiled_call_impl is None
    Compile("eager").setup(Fitting("cpu"), model, "fit")  # type: ignore[arg-type]
    assert model.generator._compiled_call_impl is not None
    assert list(model.state_dict()) == before
    assert copy.deepcopy(model).generator._compiled_call_impl is None


@pytest.mark.parametrize(("device", "line"), [("cpu", r"C\+\+ compiler on the CPU"), ("cuda", "the package triton")])
def test_what_is_missing_is_one_line(device: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(compiling, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=rf"compile=true needs .*{line}.*compile=false"):
        Compile().setup(Fitting(device), world.pix2pix(), "fit")  # type: ignore[arg-type]


class Counting:
    """A backend that counts what it compiles, and leaves it as it is."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, graph: Any, inputs: Any) -> Any:
        """One more."""
        self.count += 1
        return graph.forward


@pytest.mark.slow
def test_a_fade_is_compiled_once() -> None:
    torch.manual_seed(0)
    critic, counting = progan.Discriminator(8, most=4), Counting()
    parts = nn.ModuleList(called(critic))
    for part in parts:
        part.compile(backend=counting)  # type: ignore[arg-type]
    seen = []
    for lod in (1.0, 0.9, 0.5, 0.31):
        side = 8 if lod < 1 else 4
        critic(torch.zeros(2, 3, side, side), lod)
        seen.append(counting.count)
    assert 0 < seen[0] < seen[1] == seen[2] == seen[3]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_compiled_training_is_the_same(name: str) -> None:
    """With compiled gradients as they are behind the default backend: penalties would raise in them."""
    assert_same(trained(name, []), trained(name, [Compile("aot_eager")]))


@pytest.mark.slow
def test_the_default_backend_trains_the_same() -> None:
    """It needs a compiler, and says so where there is none."""
    plain = trained("two layers and a penalty", [])
    if any(shutil.which(name) for name in compiling.COMPILERS):
        assert_same(plain, trained("two layers and a penalty", [Compile()]))
    else:
        with pytest.raises(UserError, match="compiler"):
            trained("two layers and a penalty", [Compile()])
