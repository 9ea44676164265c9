"""Networks made faster by ``torch.compile``."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import torch
from lightning import Callback, Trainer
from torch import nn

from gan_zoo.errors import UserError

INDUCTOR = "inductor"
COMPILERS = ("g++", "clang++", "c++", "cl")
# Sizes, batches and frozen parameters make code of their own: of a network, or of the same layer in all its places.
VARIANTS = 512


class Compile(Callback):
    """Lets ``torch.compile`` make the networks of a model's players, in place: weights keep their names.

    A network is compiled as a whole; one that says ``compiled_in_parts``, or that is not called itself, in its parts.
    Gradient penalties and R1 run by uncompiled code (``layers.modes.twice_differentiable``), and so does what shares
    its pass between two players (pix2pixHD's discriminator). The first iteration takes minutes; dropout draws other
    masks than without.

    Args:
        backend: as ``torch.compile`` has it.
        options: its further arguments, for example ``mode`` or ``dynamic``.
    """

    def __init__(self, backend: str = INDUCTOR, **options: Any) -> None:
        self.backend, self.options = backend, options

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Mark the networks; each is compiled when it is first called.

        Raises:
            UserError: this machine lacks what the default backend compiles with.
        """
        if stage != "fit":
            return
        if self.backend == INDUCTOR:
            _check(trainer.strategy.root_device)
        import torch._dynamo.config as dynamo  # seconds, spent by those who compile

        dynamo.recompile_limit = max(dynamo.recompile_limit, VARIANTS)
        dynamo.accumulated_recompile_limit = max(dynamo.accumulated_recompile_limit, VARIANTS)
        for network in {network for player in pl_module.players for network in called(getattr(pl_module, player))}:
            network.compile(backend=self.backend, **self.options)


def called(module: nn.Module) -> Iterator[nn.Module]:
    """The networks of a player: modules with a forward pass of their own, outermost first."""
    if type(module).forward is not nn.Module.forward and not getattr(module, "compiled_in_parts", False):
        yield module
    else:
        for child in module.children():
            yield from called(child)


def _check(device: torch.device) -> None:
    compilers = (os.environ.get("CXX", ""), *COMPILERS)
    if device.type == "cpu" and not any(shutil.which(name) for name in compilers if name):
        raise UserError("compile=true needs a C++ compiler on the CPU: install g++ or clang++, or leave compile=false")
    if device.type == "cuda" and find_spec("triton") is None:
        raise UserError("compile=true needs the package triton on GPUs: pip install triton, or leave compile=false")
