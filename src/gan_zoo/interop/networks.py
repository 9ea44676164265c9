"""A model's networks by the names that weights come under: the reference's, or a name of its own for one alone."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from gan_zoo.errors import UserError, nearest
from gan_zoo.training.module import GANModule

# Models that were built for networks under other names: that name -> the reference's.
_NAMES: WeakKeyDictionary[GANModule, dict[str, str]] = WeakKeyDictionary()


def rename(model: GANModule, names: Mapping[str, str]) -> None:
    """Let ``named`` know networks of this model by these names alone: name -> the reference's."""
    _NAMES[model] = dict(names)


def named(model: GANModule, networks: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """``networks``, by the reference's names, under the names that the model's weights came by."""
    names = _NAMES.get(model) or {label: label for label in networks}
    return {label: networks[theirs] for label, theirs in names.items() if theirs in networks}


def matched(
    name: str, networks: Mapping[str, nn.Module], weights: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, nn.Module, Mapping[str, Any]]]:
    """(label, network, weights) of all that come.

    Raises:
        UserError: a label that no network of the reference of ``name`` has.
    """
    for label in weights:
        if label not in networks:
            raise UserError(f"the reference of {name} has no network {label!r}{nearest(label, networks)}")
    return [(label, networks[label], given) for label, given in weights.items()]
