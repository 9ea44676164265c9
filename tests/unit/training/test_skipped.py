"""Updates with gradients that are not finite."""

import math
from functools import partial
from typing import Any

import pytest
import torch
from lightning import Callback
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from gan_zoo.errors import NonFiniteLoss
from gan_zoo.training.module import Batch
from gan_zoo.training.optimizers import TensorFlowAdam
from gan_zoo.training.skipped import SkippedUpdates
from tests.unit import world

BAD = [float("nan"), float("inf"), -float("inf")]
OPTIMIZERS: dict[str, Any] = {
    "on the device": partial(TensorFlowAdam, lr=0.1, betas=(0.5, 0.9)),
    "Adam": partial(Adam, lr=0.1),
    "with momentum": partial(SGD, lr=0.1, momentum=0.9),
}


class Duel(world.Duel):
    """It skips."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.finite = self.rank_local["skipped"] = SkippedUpdates()


def updates(make: Any, watch: SkippedUpdates, gradients: list[float]) -> tuple[list[Tensor], Optimizer]:
    """Two weights after these gradients of the second one; the first one's are all 1."""
    weights = [torch.nn.Parameter(torch.tensor([1.0, 2.0])) for _ in range(2)]
    optimizer, module = make(weights), world.Duel()
    module.images_seen = 12
    for gradient in gradients:
        optimizer.zero_grad()
        weights[0].grad, weights[1].grad = torch.ones(2), torch.tensor([0.5, gradient])
        watch.before_update(module, "judge", optimizer)
        optimizer.step()
    return weights, optimizer


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_update_leaves_no_trace(make: Any, bad: float) -> None:
    """Neither in weights nor in moments nor in the count of steps, to the last bit."""
    (weights, optimizer), (expected, other) = (
        updates(make, SkippedUpdates(), gradients) for gradients in ([3.0, bad, -1.0, bad, bad, 2.0], [3.0, -1.0, 2.0])
    )
    for weight, same in zip(weights, expected, strict=True):
        assert torch.equal(weight, same)
        assert optimizer.state[weight].keys() == other.state[same].keys()
        for key, value in other.state[same].items():
            assert torch.equal(optimizer.state[weight][key], value), key


def test_the_first_update_may_be_bad() -> None:
    weights, optimizer = updates(OPTIMIZERS["on the device"], SkippedUpdates(), [BAD[0]])
    assert all(torch.equal(weight, torch.tensor([1.0, 2.0])) for weight in weights)
    assert optimizer.state[weights[0]]["step"] == 0


def test_large_gradients_are_finite() -> None:
    """Their squares are not."""
    watch = SkippedUpdates()
    updates(OPTIMIZERS["with momentum"], watch, [1e30])
    assert watch.state_dict() == {"judge": [0.0, 0.0, 0.0]}


def test_what_is_counted() -> None:
    watch, bad = SkippedUpdates(), BAD[0]
    updates(OPTIMIZERS["on the device"], watch, [1.0, bad, bad, bad, 1.0, bad])
    assert watch.state_dict() == {"judge": [1.0, 3.0, 4.0]}
    resumed = SkippedUpdates()
    resumed.load_state_dict(watch.state_dict())
    updates(OPTIMIZERS["on the device"], resumed, [bad, 1.0])
    assert resumed.state_dict() == {"judge": [0.0, 3.0, 5.0]}


def test_nine_in_a_row_pass_and_ten_stop_with_a_line() -> None:
    watch = SkippedUpdates()
    updates(OPTIMIZERS["on the device"], watch, [*([BAD[0]] * 9), 1.0, BAD[0], 1.0])
    watch.check(world.Duel())
    line = (
        r"^10 updates of the judge in a row .* \(20 in all\), and were left out, by 12 images: training stops; .*rate"
    )
    with pytest.raises(NonFiniteLoss, match=line):
        updates(
            OPTIMIZERS["on the device"], watch, [BAD[0]] * 10
        )  # without a trainer each update is an iteration's first


class Note(Callback):
    """Both numbers after each iteration."""

    def __init__(self) -> None:
        self.numbers: list[tuple[float, float]] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Batch, batch_idx: int) -> None:
        self.numbers.append(pl_module.numbers())


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_player_is_left_out_of_an_iteration_and_the_other_plays(make: Any) -> None:
    model, note = Duel(optimizer=make), Note()
    trainer = world.fit(model, world.numbers(1.0, float("inf"), 1.0), log_every_n_steps=1, callbacks=[note])
    first, second, third = note.numbers
    assert second[0] == first[0] != third[0]
    assert len({number for _, number in note.numbers}) == 3
    assert trainer.global_step == 3
    assert {name: float(value) for name, value in model.terms.items() if "skipped" in name} == {
        **{"judge/skipped": 1.0, "maker/skipped": 0.0}
    }
    assert trainer.callback_metrics["judge/skipped"] == 1


def test_a_training_stops_within_twenty_iterations_though_nothing_is_logged() -> None:
    model = Duel(optimizer=OPTIMIZERS["on the device"])
    data = world.numbers(*[1.0] * 5, *[float("nan")] * 40)
    with pytest.raises(NonFiniteLoss, match="updates of the judge in a row"):
        world.fit(model, data, log_every_n_steps=1000)
    assert model.images_seen == 19  # asked in the twentieth iteration
    assert all(math.isfinite(number) for number in model.numbers())


def test_a_resumed_training_goes_on_counting(tmp_path: Any) -> None:
    nan, data = float("nan"), [1.0, 1.0, 1.0]
    model = Duel(optimizer=OPTIMIZERS["on the device"])
    trainer = world.fit(model, world.numbers(*data, nan, nan))
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    resumed = Duel(optimizer=OPTIMIZERS["on the device"])
    world.fit(resumed, world.numbers(nan, nan), ckpt_path=tmp_path / "a.ckpt", max_epochs=2)
    assert resumed.finite.state_dict() == {"judge": [4.0, 4.0, 4.0], "maker": [0.0, 0.0, 0.0]}
