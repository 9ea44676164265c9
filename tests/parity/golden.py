"""Golden cases: what the papers' own code computed, and the account of which of their arrays were compared."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from tests.golden import recipe

HOME = Path(__file__).parents[1] / "golden"


def folders() -> list[Path]:
    """Every case below ``$GAN_ZOO_GOLDEN``, else below ``tests/golden``."""
    return sorted(found.parent for found in Path(os.environ.get("GAN_ZOO_GOLDEN") or HOME).glob("*/*/case.json"))


class Case:
    """One folder: what was run (``says``) and what came out, each array of which has to be compared or fed."""

    def __init__(self, folder: Path) -> None:
        self.says, self.arrays = recipe.load(folder)
        self.model, self.kind, self.config = self.says["model"], self.says["kind"], self.says["config"]
        self.touched: set[str] = set()

    # ---- what goes in

    @cached_property
    def inputs(self) -> dict[str, Tensor]:
        """Images by name, float64; ``"iteration 1"`` holds a dict of its own."""
        return self._images(self.says.get("inputs", {}))

    def _images(self, described: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, how in described.items():
            if isinstance(how, Mapping) and "stored in tensors.npz" in how:
                found[name] = self.fed(how["stored in tensors.npz"])
            elif isinstance(how, Mapping) and "shape" in how:
                found[name] = torch.from_numpy(recipe.images(how["name"], tuple(how["shape"]))).double()
            elif isinstance(how, Mapping):
                found[name] = self._images(how)
        return found

    def weights(self) -> dict[str, dict[str, np.ndarray]]:
        """The recipe's state dict of each network of the manifest."""
        scale, rules = self.says.get("scale", 0.05), self.says.get("scale_rules", ())
        own = dict(scale) if isinstance(scale, Mapping) else dict(self.says.get("scale_overrides", {}))
        if "vgg_scale" in self.says:
            own["vgg"] = self.says["vgg_scale"]
        manifests = self.says["manifest"].items()
        return {net: recipe.state_dict(manifest, own.get(net, scale), rules) for net, manifest in manifests}

    def fed(self, name: str) -> Tensor:
        """An array that is an input."""
        self.touched.add(name)
        return torch.from_numpy(self.arrays[name])

    # ---- what comes out

    def compare(self, name: str, value: Any, rtol: float = 1e-8, atol: float = 1e-10) -> None:
        """Hold an array to the one stored: to float32's rounding where it was stored as float32."""
        self.touched.add(name)
        stored, said = self.arrays[name], self.says.get("outputs", {}).get(name, {})
        value = value.detach() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
        if isinstance(said, Mapping) and "full shape" in said:
            self._compare_whole(name, value, said)
            value = value[strides(said.get("sample", ""))]
        if stored.dtype == np.float32:
            rtol, atol = max(rtol, 1.2e-7), max(atol, 1.2e-7)
        assert tuple(value.shape) == stored.shape, f"{name}: shape {tuple(value.shape)}, not {stored.shape}"
        np.testing.assert_allclose(
            value.numpy().astype(np.float64), stored.astype(np.float64), rtol, atol, err_msg=name
        )

    def _compare_whole(self, name: str, value: Tensor, said: Mapping[str, Any]) -> None:
        assert list(value.shape) == said["full shape"], name
        mean, std, norm = said["full mean/std/l2"]
        assert value.mean().item() == close(mean), name
        assert value.norm().item() == close(norm), name
        assert value.std(correction=0).item() == close(std), name

    def untouched(self) -> set[str]:
        """Arrays that nothing has compared or fed."""
        return set(self.arrays) - self.touched


def drawn(text: str) -> Tensor | None:
    """The recipe's picture that a description names, ``recipe.images('NAME', [N, C, H, W])``, float64; else None."""
    call = re.search(r"recipe\.images\('([^']+)', \[([\d, ]+)\]\)", text)
    if call is None:
        return None
    return torch.from_numpy(recipe.images(call[1], tuple(int(side) for side in call[2].split(",")))).double()


def directed(config: Mapping[str, Any], a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """What a data set of pairs calls A and B, as the model sees them."""
    return (b, a) if config.get("direction") == "BtoA" else (a, b)


def close(value: float) -> Any:
    """Equal to float64's rounding."""
    import pytest

    return pytest.approx(value, rel=1e-8, abs=1e-9)


def strides(text: str) -> tuple[slice, ...]:
    """The steps written as ``[:, :, ::4, ::4]`` or ``[::11]`` in a description; everything where none are written."""
    found = re.search(r"\[([:\d, ]*:[:\d, ]*)\]", text)
    parts = found.group(1).split(",") if found else [":"]
    return tuple(slice(None, None, int(part.strip().strip(":") or 1)) for part in parts)


@contextmanager
def fixed_dropout() -> Iterator[None]:
    """Every dropout multiplies by 2 where n + c + h + w is even, and by 0 elsewhere, as in the cases with dropout."""

    def pattern(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training:
            return x
        grids = torch.meshgrid(*(torch.arange(side) for side in x.shape), indexing="ij")
        return x * (2.0 * (torch.stack(grids).sum(0) % 2 == 0)).to(x)

    with patch("torch.nn.functional.dropout", pattern):
        yield


def norms(tensors: Sequence[Tensor | None]) -> Tensor:
    """L2 norm of each; 0 for None."""
    return torch.stack([torch.zeros((), dtype=torch.float64) if t is None else t.double().norm() for t in tensors])
