"""Asking a model for pictures in the middle of its training, without a trace in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning import Trainer
from lightning.fabric.utilities.seed import _collect_rng_states, _set_rng_states


@contextmanager
def inference(trainer: Trainer, module: Any, seed: int = 0) -> Iterator[None]:
    """Evaluation mode, no gradients, the run's precision, and random numbers of its own: the same ones each time.

    Everything is put back: modes, random states of the process and its GPU, and the model's own generator.
    """
    modes = [(part, part.training) for part in module.modules()]
    draws, states = module._draws, _collect_rng_states()
    try:
        torch.manual_seed(seed)
        module._draws = torch.Generator(module.device).manual_seed(seed)
        module.eval()
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            yield
    finally:
        _set_rng_states(states)
        module._draws = draws
        for part, training in modes:
            part.training = training
