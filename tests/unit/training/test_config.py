"""Objects as plain containers and back, and what such containers may not name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Adam

from gan_zoo.errors import UserError
from gan_zoo.layers.norm import instance_norm
from gan_zoo.losses.adversarial import LeastSquares
from gan_zoo.networks.patchgan import PatchGAN
from gan_zoo.training import config
from gan_zoo.training.config import build, describe, locate
from gan_zoo.training.schedules import Linear, Plateau
from tests.unit import world


@pytest.fixture(autouse=True)
def own_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test trusts, others do not."""
    monkeypatch.setattr(config, "_TRUSTED", list(config._TRUSTED))


@dataclass
class Point:
    """Not part of the zoo."""

    x: int = 1


class Home:
    """Holds what cannot be found at the top of a module."""

    class Inner(nn.Conv2d):
        """Like this."""


def plain(thing: Any) -> bool:
    if isinstance(thing, dict):
        return all(type(key) is str and plain(value) for key, value in thing.items())
    return all(map(plain, thing)) if type(thing) is list else type(thing) in (type(None), bool, int, float, str)


@pytest.mark.parametrize(
    "thing",
    [
        None,
        True,
        0.5,
        "text",
        {"a": 3, "b": [1, {"c": None}]},
        PatchGAN,
        instance_norm,
        LeastSquares(),
        Linear(3, 4),
        [Linear(3, 4), {"x": LeastSquares()}],
    ],
)
def test_what_comes_back_is_equal(thing: Any) -> None:
    described = describe(thing)
    assert plain(described)
    made = build(described)
    assert (made.func if isinstance(made, partial) else made) == thing


def test_partials_keep_their_arguments_also_nested_and_positional() -> None:
    factory = build(describe(partial(PatchGAN, 5, ndf=2, norm=partial(nn.BatchNorm2d, eps=0.5))))
    assert factory.func is PatchGAN
    assert factory.args == (5,)
    assert factory.keywords["ndf"] == 2
    assert factory().layers[3].eps == 0.5
    optimizer = build(describe(partial(Adam, betas=(0.5, 0.999))))([nn.Parameter(torch.zeros(1))])
    assert tuple(optimizer.defaults["betas"]) == (0.5, 0.999)


def test_a_tuple_becomes_a_list_and_an_object_stays_itself() -> None:
    schedule = Plateau()
    assert build(describe((1, 2))) == [1, 2]
    assert build(schedule) is schedule


def local() -> Callable[..., nn.Module]:
    def made(channels: int) -> nn.Module:
        return nn.Conv2d(channels, 1, 1)

    return made


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (lambda channels: nn.Identity(), "<lambda> could not be found again"),
        (local(), "could not be found again"),
        (Home.Inner, "Home.Inner could not be found again"),
        (partial(lambda: None), "could not be found again"),
        (nn.Identity(), "a Identity cannot be written"),
        (torch.zeros(1), "a Tensor cannot be written"),
        ({"deep": [object()]}, "a object cannot be written"),
        (Path("x"), "cannot be written"),
    ],
)
def test_what_a_checkpoint_could_not_hold_is_refused_when_the_model_is_made(thing: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        describe(thing)
    if callable(thing) and not isinstance(thing, nn.Module):
        with pytest.raises(UserError, match=reason):
            world.cyclegan(optimizers={"unused": thing})


OUTSIDE = ["os.system", "posix.system", "builtins.eval", "subprocess.Popen", "print", "numpy.load", "functools.partial"]
INSIDE = [
    "torch.load",
    "torch.hub.load",
    "torch.nn.attention._fa3.register_flash_attention_fa3",
    "torch.nn.modules.module.OrderedDict",
    "torch.nn.modules.module.torch",
    "gan_zoo.training.config.trust",
    "gan_zoo.training.config.import_module",
    "gan_zoo.training.checkpoint_io.write",
    "gan_zoo.training.checkpoint_io.os.system",
    "gan_zoo.interop.hub.load",
    "gan_zoo.data.download.fetch",
    "gan_zoo.models.pix2pix.partial",
    "gan_zoo.models.cyclegan.DIRECTIONS",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_configuration_may_not_name_other_packages(path: str) -> None:
    with pytest.raises(UserError, match=f"{path} is not part of gan_zoo or torch.*trust"):
        build({"_target_": path, "_partial_": True})


@pytest.mark.parametrize("path", [*INSIDE, "torch.nn.modules.module.functools.partial", "gan_zoo.layers.nope.Nothing"])
@pytest.mark.parametrize("trusting", [False, True])
def test_nor_what_has_other_effects_than_building_models(path: str, trusting: bool) -> None:
    if trusting:
        config.trust("gan_zoo", "torch", "gan_zoo.training.config")
    with pytest.raises(UserError, match=r"is no layer, network|there is no"):
        build({"_target_": path, "_partial_": True})


def test_a_configuration_cannot_make_itself_trusted(tmp_path: Path) -> None:
    trust = {"_target_": "gan_zoo.training.config.trust", "_args_": ["os", "posix"]}
    attack = {"_target_": "os.system", "_args_": [f"touch {tmp_path / 'harm'}"]}
    with pytest.raises(UserError):
        build({"_target_": "gan_zoo.models.CycleGAN", "optimizers": [trust, attack]})
    assert not list(tmp_path.iterdir())
    assert not {"os", "posix"} & set(config._TRUSTED)


def test_a_package_of_ones_own_can_be_trusted() -> None:
    described = describe(Point(3))
    with pytest.raises(UserError, match=r"test_config.Point is not part of gan_zoo or torch: .*trust\('tests'\)"):
        build(described)
    config.trust("tests")
    assert build(described) == Point(3)


@pytest.mark.parametrize("path", ["torch.nn.Conv2d", "torch.optim.Adam", "gan_zoo.models.CycleGAN"])
def test_public_names_of_torch_and_the_zoo_are_found(path: str) -> None:
    assert locate(path).__name__ == path.rpartition(".")[2]
