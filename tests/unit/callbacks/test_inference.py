from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from tests.unit.callbacks.conftest import Fit

from gan_zoo.callbacks.inference import inference


class Look(Callback):
    """Uses random numbers of all kinds in the middle of training."""

    def __init__(self) -> None:
        self.drawn: list[torch.Tensor] = []
        self.modes: list[bool] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        with inference(trainer, pl_module):
            self.drawn.append(torch.cat([torch.rand(3), pl_module.draw("z", (1, 3))[0]]))
            self.modes.append(any(part.training for part in pl_module.modules()) or torch.is_grad_enabled())
            pl_module.translate(batch["a"])


def test_leaves_no_trace_in_training(fit: Fit) -> None:
    look = Look()
    _, alone = fit([])
    after_alone = torch.rand(1)
    _, watched = fit([look])
    assert torch.equal(torch.rand(1), after_alone)
    for one, other in zip(alone.state_dict().values(), watched.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_same_random_numbers_each_time_and_evaluation_mode(fit: Fit) -> None:
    look = Look()
    fit([look], max_epochs=1)
    assert all(torch.equal(drawn, look.drawn[0]) for drawn in look.drawn)
    assert not any(look.modes)


def test_everything_is_put_back_after_an_exception(fit: Fit) -> None:
    trainer, model = fit([], max_epochs=1)
    model.train()
    model.generator.eval()
    draws, modes = model._draws, [part.training for part in model.modules()]
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), inference(trainer, model):
        torch.zeros(int(torch.rand(1) > 1) // 0)
    assert [part.training for part in model.modules()] == modes
    assert model._draws is draws
    assert torch.equal(torch.get_rng_state(), state)
