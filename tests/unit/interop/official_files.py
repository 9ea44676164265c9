"""Pickles like the official ones: classes of the official modules' names, made here."""

import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from gan_zoo.interop import from_reference, to_reference

TINY: dict[str, Any] = {"resolution": 8, "num_channels": 3, "label_size": 0, "fmap_base": 32, "fmap_max": 4}
STYLE = {"latent_size": 4, "dlatent_size": 4, "mapping_fmaps": 4, "mapping_layers": 2}


@contextmanager
def official(module: str = "dnnlib.tflib.network") -> Iterator[type]:
    """A class ``Network`` of that module, for as long as a file is written."""
    parts = module.split(".")
    names = [".".join(parts[: n + 1]) for n in range(len(parts))]
    made = {name: ModuleType(name) for name in names}

    def getstate(self: Any) -> dict[str, Any]:
        return dict(self.holds)

    network = type("Network", (), {"__module__": module, "__getstate__": getstate})
    made[module].Network = network  # type: ignore[attr-defined]
    sys.modules.update(made)
    try:
        yield network
    finally:
        for name in names:
            del sys.modules[name]


def arrays(name: str, options: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """The variables of a small model's networks."""
    states = to_reference(from_reference(name, options, {}))
    return {net: {key: value.numpy() for key, value in state.items()} for net, state in states.items()}


def network(kind: type, options: Mapping[str, Any], variables: Mapping[str, np.ndarray], name: str = "G") -> Any:
    """A network with its components, as it is before pickling."""
    parts = {part: {k: v for k, v in variables.items() if k.startswith(f"{part}/")} for part in PARTS}
    own = {key: value for key, value in variables.items() if not key.startswith(PARTS)}
    components = OrderedDict()
    for part, inside in parts.items():
        if inside:
            local = {key.removeprefix(f"{part}/"): value for key, value in inside.items()}
            components[part.removeprefix("G_")] = network(kind, {}, {"lod": np.float32(1.0), **local}, part)
    made = kind()
    made.holds = {  # type: ignore[attr-defined]
        **{"version": 3, "name": name, "static_kwargs": dict(options), "components": components},
        **{"build_module_src": "raise SystemExit('this was run')", "build_func_name": "G_style"},
        "variables": [("lod", np.float32(1.0)), *own.items()],
    }
    return made


PARTS = ("G_synthesis", "G_mapping")


def write(path: Path, name: str, options: Mapping[str, Any], module: str, protocol: int = 4) -> Any:
    """A whole file; the variables of its networks."""
    states = arrays(name, options)
    with official(module) as kind:
        networks = tuple(network(kind, options, states[net], net) for net in ("G", "D", "Gs"))
        path.write_bytes(pickle.dumps(networks, protocol))
    return states
