"""The games, by hand-made numbers."""

import math

import pytest
import torch

from gan_zoo.losses.adversarial import Adversarial, LeastSquares, Vanilla, Wasserstein, flat, summed

SCORES = torch.tensor([[0.0, 2.0], [-1.0, 3.0]], dtype=torch.float64)


def mean(function: object) -> float:
    return sum(map(function, SCORES.flatten().tolist())) / SCORES.numel()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("game", "real", "fake"),
    [
        (Vanilla(), lambda s: math.log(1 + math.exp(-s)), lambda s: math.log(1 + math.exp(s))),
        (LeastSquares(), lambda s: (s - 1) ** 2, lambda s: s**2),
        (Wasserstein(), lambda s: -s, lambda s: s),
    ],
)
def test_both_sides(game: Adversarial, real: object, fake: object) -> None:
    assert game.real(SCORES).item() == pytest.approx(mean(real), rel=1e-12)
    assert game.fake(SCORES).item() == pytest.approx(mean(fake), rel=1e-12)
    assert game.generator(SCORES).item() == pytest.approx(mean(real), rel=1e-12)
    assert game.real(SCORES).shape == ()


@pytest.mark.parametrize("game", [Vanilla(), LeastSquares(), Wasserstein()])
def test_what_each_side_wants(game: Adversarial) -> None:
    """The generator pushes scores up; so does the discriminator on reals; on fakes it pushes them down."""
    score = torch.tensor([0.25], requires_grad=True)
    for loss, sign in ((game.generator, -1), (game.real, -1), (game.fake, 1)):
        (gradient,) = torch.autograd.grad(loss(score), score)
        assert gradient.sign().item() == sign


def test_vanilla_stays_finite_for_a_certain_discriminator() -> None:
    assert Vanilla().real(torch.tensor([-1e4])).item() == pytest.approx(1e4)


@pytest.mark.parametrize(
    ("game", "accuracy"), [(Vanilla(), 0.5 * (2 / 4 + 3 / 4)), (LeastSquares(), 0.5 * (1 / 4 + 3 / 4))]
)
def test_accuracy_counts_the_right_side_of_the_boundary(game: Adversarial, accuracy: float) -> None:
    real, fake = torch.tensor([0.4, 2.0, -1.0, 0.0]), torch.tensor([-3.0, 0.0, 0.7, -0.1])
    assert game.accuracy(real, fake).item() == pytest.approx(accuracy)


def test_accuracy_is_observed_without_a_graph() -> None:
    score = torch.tensor([1.0, -1.0], requires_grad=True)
    assert not Vanilla().accuracy(score, score).requires_grad
    assert Vanilla().accuracy(score, score).item() == 0.5


@pytest.mark.parametrize("side", ["real", "fake"])
def test_a_game_must_define_its_losses(side: str) -> None:
    with pytest.raises(NotImplementedError, match="Adversarial"):
        getattr(Adversarial(), side)(SCORES)


def test_scales_are_added_up_whatever_their_sizes() -> None:
    scores = [SCORES, torch.tensor([[3.0]], dtype=torch.float64)]
    expected = mean(lambda s: (s - 1) ** 2) + 4.0
    assert summed(LeastSquares().real, scores).item() == pytest.approx(expected)
    assert flat(scores).tolist() == [0.0, 2.0, -1.0, 3.0, 3.0]
