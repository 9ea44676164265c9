"""Adam as TensorFlow has it, for papers whose code ran there."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class TensorFlowAdam(Optimizer):
    """w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps), whose eps the bias correction does not scale.

    In PyTorch's form eps is added behind the correction: at t = 1 and beta2 = 0.99 it is ten times as large.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.001, betas: tuple[float, float] = (0.0, 0.99), eps: float = 1e-8
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:  # type: ignore[override]
        """Update what has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            found = [p for p in group["params"] if p.grad is not None]
            for count in {self._count(p) for p in found}:
                self._update([p for p in found if self._count(p) == count], count + 1, group)
        return loss

    def _count(self, parameter: Tensor) -> int:
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        return int(state["step"])

    def _update(self, parameters: list[Tensor], count: int, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        gradients = [p.grad for p in parameters if p.grad is not None]
        means, squares = ([self.state[p][key] for p in parameters] for key in ("exp_avg", "exp_avg_sq"))
        torch._foreach_lerp_(means, gradients, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        rate = group["lr"] * (1 - beta2**count) ** 0.5 / (1 - beta1**count)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_add_(roots, group["eps"])
        torch._foreach_addcdiv_(parameters, means, roots, -rate)
        for parameter in parameters:
            self.state[parameter]["step"] += 1
