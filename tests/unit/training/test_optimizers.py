"""Adam as TensorFlow has it, and lazy regularisation's corrections."""

from functools import partial

import pytest
import torch
from torch.optim import SGD, Adam

from gan_zoo.errors import UserError
from gan_zoo.training.optimizers import TensorFlowAdam, lazily


def run(optimizer: type, gradients: list[float], **options: object) -> float:
    weight = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    made = optimizer([weight], lr=0.1, **options)
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        made.step()
    return weight.item()


def test_with_a_negligible_eps_it_is_pytorchs() -> None:
    gradients = [0.5, -2.0, 3.0, 0.1]
    options = {"betas": (0.5, 0.99), "eps": 1e-30}
    assert run(TensorFlowAdam, gradients, **options) == pytest.approx(run(Adam, gradients, **options), rel=1e-12)


def test_eps_is_not_scaled_by_the_bias_correction() -> None:
    moved = 1.0 - run(TensorFlowAdam, [1e-8], betas=(0.0, 0.99), eps=1e-8)
    # m = 1e-8, sqrt(v) = 1e-9, rate 0.1 * 0.1.
    assert moved == pytest.approx(0.1 * 0.1 * 1e-8 / (1e-9 + 1e-8), rel=1e-9)


def test_state_survives_and_parameters_without_gradient_rest() -> None:
    torch.manual_seed(0)
    first, second = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    made = TensorFlowAdam([first, second], lr=0.1)
    first.grad = torch.ones(2)
    made.step()
    assert torch.equal(second, torch.ones(2))
    copy = TensorFlowAdam([first, second], lr=0.1)
    copy.load_state_dict(made.state_dict())
    assert copy.state[first]["step"] == 1
    assert torch.equal(copy.state[first]["exp_avg_sq"], made.state[first]["exp_avg_sq"])


def test_all_parameters_share_one_count_of_steps() -> None:
    """As TensorFlow's beta powers: a parameter that comes later is not corrected as at its first step."""
    early, late = (torch.nn.Parameter(torch.ones(1, dtype=torch.float64)) for _ in range(2))
    made = TensorFlowAdam([early, late], lr=0.1, betas=(0.0, 0.99), eps=1e-8)
    for _ in range(3):
        early.grad = torch.ones(1, dtype=torch.float64)
        made.step()
    late.grad = torch.ones(1, dtype=torch.float64)
    made.step()
    expected = 0.1 * (1 - 0.99**4) ** 0.5 / (0.01**0.5 + 1e-8)
    assert 1 - late.item() == pytest.approx(expected, rel=1e-12)


def test_counts_that_are_integers_or_lie_elsewhere_are_taken_up() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    made = TensorFlowAdam([weight], lr=0.1)
    weight.grad = torch.ones(2)
    made.step()
    state = made.state_dict()
    state["state"][0]["step"] = 1
    copy = TensorFlowAdam([weight], lr=0.1)
    copy.load_state_dict(state)
    copy.step()
    made.step()
    assert copy.state[weight]["step"] == made.state[weight]["step"] == 2


def test_lazy_corrections_are_of_rate_and_betas() -> None:
    weights = [torch.nn.Parameter(torch.ones(1))]
    (group,) = lazily(partial(Adam, lr=0.17, betas=(0.5, 0.99)), 16)(weights).param_groups
    assert (group["lr"], group["betas"]) == (pytest.approx(0.16), (0.5 ** (16 / 17), 0.99 ** (16 / 17)))
    (group,) = lazily(partial(SGD, lr=0.2), 1)(weights).param_groups
    assert group["lr"] == 0.2
    (group,) = lazily(partial(SGD, lr=0.2, momentum=0.9), 4)(weights).param_groups
    assert (group["lr"], group["momentum"]) == (pytest.approx(0.16), 0.9)
    with pytest.raises(UserError, match="every 0 iterations"):
        lazily(SGD, 0)
