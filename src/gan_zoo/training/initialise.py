"""A model that starts from the weights of an earlier one, which may be built differently.

A model refines this by a method of its own, ``initialise_from(state) -> names``, which renames the entries of ``state``
before it calls ``take``.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor, nn


def take(module: nn.Module, state: Mapping[str, Tensor]) -> set[str]:
    """Copy every entry of ``state`` that ``module`` has under the same name and in the same shape; their names."""
    own = module.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    return set(fitting)


def fresh(names: Iterable[str], taken: set[str]) -> list[str]:
    """The parts of a module with entries ``names`` of which nothing was taken: ``generator.out``, not its weights."""
    touched = {".".join(name.split(".")[:depth]) for name in taken for depth in range(1, name.count(".") + 2)}
    parts: dict[str, None] = {}
    for name in names:
        if name not in taken:
            words = name.split(".")
            prefixes = (".".join(words[:depth]) for depth in range(1, len(words) + 1))
            parts[next(prefix for prefix in prefixes if prefix not in touched)] = None
    return list(parts)
