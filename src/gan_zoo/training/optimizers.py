"""Adam as TensorFlow has it, for papers whose code ran there; optimisers of players with lazy regularisation."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from gan_zoo.errors import UserError


class TensorFlowAdam(Optimizer):
    """w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps), whose eps the bias correction does not scale.

    In PyTorch's form eps is added behind the correction: at t = 1 and beta2 = 0.99 it is ten times as large. As in
    TensorFlow there is one count of steps t for all parameters; it is kept with the first one of each group.

    ``found_inf``: () bool on the parameters' device, set before a step whose gradients may be NaN or infinite: where it
    is true the step changes neither weights nor moments nor t, and nobody waits for the device to learn that.
    """

    found_inf: Tensor | None = None

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
            if found := [p for p in group["params"] if p.grad is not None]:
                self._update(found, group)
        return loss

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [p.grad for p in parameters if p.grad is not None]
        means, squares = ([self._moments(p)[key] for p in parameters] for key in ("exp_avg", "exp_avg_sq"))
        beta1, beta2 = kept = group["betas"]
        first, count, bad = group["params"][0], self._count(group), self.found_inf
        taken: float | Tensor = 1.0
        if bad is not None:  # where it is true moments are multiplied by 1; gradients, count and rate by 0
            kept = [torch.where(bad, 1.0, torch.full_like(count, beta)) for beta in kept]
            taken = torch.where(bad, 0.0, torch.ones_like(count))
            for gradient in gradients:
                gradient.masked_fill_(bad, 0.0)
        self.state[first]["step"] = count = count + taken
        torch._foreach_mul_(means, kept[0])
        torch._foreach_add_(means, gradients, alpha=1 - beta1)
        torch._foreach_mul_(squares, kept[1])
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_add_(roots, group["eps"])
        rate = group["lr"] * _seen(beta2, count).sqrt() / _seen(beta1, count)
        torch._foreach_div_(roots, rate if bad is None else torch.where(bad, 0.0, rate))
        torch._foreach_addcdiv_(parameters, means, roots, -1.0)

    def _moments(self, parameter: Tensor) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[parameter]
        if "exp_avg" not in state:
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        return state

    def _count(self, group: dict[str, Any]) -> Tensor:
        """Steps taken so far, (): checkpoints are read on the CPU, and early ones held an integer."""
        first = group["params"][0]
        precise = torch.promote_types(first.dtype, torch.float32)
        return torch.as_tensor(self.state[first].get("step", 0), dtype=precise, device=first.device)


def _seen(beta: float, count: Tensor) -> Tensor:
    """1 - beta^count, () of how much of a moving mean is filled; in float32 too."""
    return -torch.expm1(count * math.log(beta)) if beta else torch.ones_like(count)


def lazily(factory: Callable[[Iterable[Any]], Optimizer], interval: int) -> Callable[[Iterable[Any]], Optimizer]:
    """A factory of optimisers that take a step more, for a regulariser, in one of ``interval`` iterations.

    They forget as much in as many images as without it: lr c and beta^c, c = interval / (interval + 1) (Karras et al.
    2020, "Analyzing and Improving the Image Quality of StyleGAN", appendix B). 1 is no regulariser of its own.

    Raises:
        UserError: ``interval`` is no number from 1 on.
    """
    if interval < 1:
        raise UserError(f"a term cannot come every {interval} iterations: give r1_interval 1 or more")

    def corrected(params: Iterable[Any]) -> Optimizer:
        optimizer, share = factory(params), interval / (interval + 1)
        for group in optimizer.param_groups:
            group["lr"] *= share
            if "betas" in group:
                group["betas"] = tuple(beta**share for beta in group["betas"])
        return optimizer

    return corrected if interval > 1 else factory
