"""The gradient penalty, for critics whose gradient is known."""

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.losses.penalties import gradient_penalty, slope

torch.manual_seed(0)
REAL, FAKE = torch.randn(3, 2, 4, 4, dtype=torch.float64), torch.randn(3, 2, 4, 4, dtype=torch.float64)
ALPHA = torch.tensor([[0.0], [0.3], [1.0]], dtype=torch.float64)
WEIGHT = torch.randn(2, 4, 4, dtype=torch.float64)


def test_a_linear_critic_has_the_norm_of_its_weight() -> None:
    def critic(x: Tensor) -> Tensor:
        return (x * WEIGHT).sum((1, 2, 3))

    expected = (WEIGHT.norm().item() - 1) ** 2
    assert gradient_penalty(critic, REAL, FAKE, ALPHA).item() == pytest.approx(expected, rel=1e-9)
    at_norm = gradient_penalty(critic, REAL, FAKE, ALPHA, target=WEIGHT.norm().item())
    assert at_norm.item() == pytest.approx(0, abs=1e-20)


def test_the_slope_is_each_images_own_and_can_be_differentiated() -> None:
    points = REAL.clone().requires_grad_(True)
    found = slope(points.square().sum((1, 2, 3)), points)
    torch.testing.assert_close(found, 2 * REAL)
    assert found.requires_grad


def test_it_is_measured_between_real_and_fake_for_each_image() -> None:
    """The gradient of half the square is the point itself."""
    points = ALPHA.view(3, 1, 1, 1) * REAL + (1 - ALPHA.view(3, 1, 1, 1)) * FAKE
    expected = (points.flatten(1).norm(dim=1) - 1).square().mean()
    found = gradient_penalty(lambda x: 0.5 * x.square(), REAL, FAKE, ALPHA)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)


def test_the_critic_learns_from_it_and_the_images_do_not() -> None:
    weight, fake = WEIGHT.clone().requires_grad_(True), FAKE.clone().requires_grad_(True)
    gradient_penalty(lambda x: x * weight, REAL, fake, ALPHA).backward()
    norm = WEIGHT.norm()
    torch.testing.assert_close(weight.grad, 2 * (norm - 1) * WEIGHT / norm)
    assert fake.grad is None


def test_a_flat_critic_can_still_be_differentiated() -> None:
    weight = torch.zeros_like(WEIGHT).requires_grad_(True)
    gradient_penalty(lambda x: x * weight, REAL, FAKE, ALPHA).backward()
    assert weight.grad is not None
    assert weight.grad.isfinite().all()


def test_it_is_computed_in_float32_inside_autocast() -> None:
    critic, seen = nn.Conv2d(2, 1, 3), []
    critic.register_forward_hook(lambda layer, x, y: seen.append((x[0].dtype, y.dtype)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        penalty = gradient_penalty(critic, REAL.bfloat16(), FAKE.bfloat16(), ALPHA)
    assert seen == [(torch.float32, torch.float32)]
    assert penalty.dtype == torch.float32
