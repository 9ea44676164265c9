"""Objects as plain containers and back, so that a checkpoint can describe its model and be read without pickles.

A class or function becomes ``{"_target_": path, "_partial_": True}``, a ``functools.partial`` adds its arguments, a
dataclass instance becomes ``{"_target_": path, field: value…}``: the notation of Hydra, which the configs use too.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from gan_zoo.errors import UserError

# What builds models, and has no other effect: downloads, launchers, and `trust` itself are none of it.
_TRUSTED = [
    *("gan_zoo.layers", "gan_zoo.networks", "gan_zoo.losses", "gan_zoo.models", "gan_zoo.training.schedules"),
    *("gan_zoo.training.growth", "gan_zoo.training.optimizers"),
    *("torch.nn.modules", "torch.optim"),
]
_SETTLED = {package.partition(".")[0] for package in _TRUSTED}
_PLAIN = (type(None), bool, int, float, str)


def trust(*packages: str) -> None:
    """Let configurations name classes and functions of these packages too: for one's own networks.

    Of gan_zoo and torch only the parts that build models are trusted, whoever asks.
    """
    _TRUSTED.extend(package for package in packages if _root(package) not in _SETTLED)


def describe(thing: Any) -> Any:
    """An argument of a model as plain containers.

    Raises:
        UserError: it is neither plain, nor a class, function, partial or dataclass instance; or it is one that cannot
            be found by its name, such as a lambda.
    """
    if isinstance(thing, _PLAIN):
        return thing
    if isinstance(thing, Mapping):
        return {str(key): describe(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [describe(value) for value in thing]
    if isinstance(thing, partial):
        keywords = {key: describe(value) for key, value in thing.keywords.items()}
        positional = {"_args_": describe(thing.args)} if thing.args else {}
        return {"_target_": _path(thing.func), "_partial_": True, **positional, **keywords}
    if inspect.isclass(thing) or inspect.isfunction(thing):
        return {"_target_": _path(thing), "_partial_": True}
    if dataclasses.is_dataclass(thing):
        fields = {f.name: describe(getattr(thing, f.name)) for f in dataclasses.fields(thing) if f.init}
        return {"_target_": _path(type(thing)), **fields}
    raise UserError(
        f"a {type(thing).__name__} cannot be written into a checkpoint: "
        "give models classes, functools.partial or plain values"
    )


def build(config: Any) -> Any:
    """What ``describe`` described; anything that is not such a container is returned as it is.

    Raises:
        UserError: it names something that does not exist, or that is not defined in a trusted package.
    """
    if isinstance(config, list):
        return [build(value) for value in config]
    if not isinstance(config, Mapping):
        return config
    keywords = {key: build(value) for key, value in config.items() if key not in ("_target_", "_partial_", "_args_")}
    if "_target_" not in config:
        return keywords
    target, args = locate(config["_target_"]), build(config.get("_args_", []))
    return partial(target, *args, **keywords) if config.get("_partial_") else target(*args, **keywords)


def locate(path: str) -> Callable[..., Any]:
    """The class or function at a dotted path, checked to be defined in a trusted package."""
    module, _, name = path.rpartition(".")
    if _root(module) not in {_root(package) for package in _TRUSTED}:
        raise UserError(
            f"{path} is not part of gan_zoo or torch: "
            f"if you trust it, call gan_zoo.training.config.trust('{_root(path)}') first"
        )
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(f"there is no {path}: {error}") from error
    if not callable(found) or not _trusted(getattr(found, "__module__", None) or ""):
        raise UserError(
            f"{path} is no layer, network, loss, schedule, optimiser or model: a model is made of these alone, "
            "named by where they are defined"
        )
    return found  # type: ignore[no-any-return]  # getattr knows no types; callable() was checked


def _trusted(module: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in _TRUSTED)


def _root(path: str) -> str:
    return path.partition(".")[0]


def _path(thing: Any) -> str:
    """Where to find it again: a lambda, or what is defined inside a function or class, has no such place."""
    if not thing.__qualname__.isidentifier():
        raise UserError(
            f"{thing.__module__}.{thing.__qualname__} could not be found again from a checkpoint: "
            "give models functools.partial, or what is defined at the top of a module"
        )
    return f"{thing.__module__}.{thing.__qualname__}"
