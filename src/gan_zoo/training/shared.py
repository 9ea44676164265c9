"""One forward pass of a network for two objectives: its own player's, and that of whoever made its input."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class SharedPass:
    """Runs a player's network with *aliases* of its parameters: other leaves of the graph, in the same memory.

    A graph made with the parameters themselves could not serve both objectives: distributed training expects a
    gradient of every parameter that it finds in the graph of an objective, and the one that only wants the gradient of
    the input would compute those of the weights for nothing.

    Args:
        player: whose network it is.
        network: called with the pictures.
        method: of the network, called in place of its forward pass.
    """

    def __init__(self, player: str, network: nn.Module, method: str = "forward") -> None:
        self.player, self.network = player, _Method(network, method)
        self.parameters = dict(self.network.named_parameters())
        self.aliases = {name: parameter.detach().requires_grad_() for name, parameter in self.parameters.items()}

    def __call__(self, *args: Any) -> Any:
        """What the network gives; running statistics move as usual."""
        return functional_call(self.network, self.aliases, args)

    def handed_over(self, total: Tensor) -> Tensor:
        """A scalar whose gradients with respect to the parameters are those of ``total``; its graph is kept.

        It is their inner product with the parameters, so that gradients reach the latter by an ordinary backward pass,
        with everything that hangs on one: exchange between devices, hooks, loss scaling.
        """
        gradients = torch.autograd.grad(total, list(self.aliases.values()), retain_graph=True)
        products = [(p * g).sum() for p, g in zip(self.parameters.values(), gradients, strict=True)]
        return torch.stack(products).sum()


class _Method(nn.Module):
    def __init__(self, network: nn.Module, method: str) -> None:
        super().__init__()
        self.network, self.method = network, method

    def forward(self, *args: Any) -> Any:
        """The method's result."""
        return getattr(self.network, self.method)(*args)
