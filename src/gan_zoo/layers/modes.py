"""Running a network in a mode that is neither ``train`` nor ``eval``, without learning, or at full precision."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd


@contextmanager
def stochastic_inference(net: nn.Module) -> Iterator[None]:
    """Dropout drawn and batch norm by the statistics of the batch itself, as pix2pix tests (its sec. 3.4).

    The running statistics do not move: the reference moves them in memory while testing, to no effect on any output.
    Nor do devices wait for each other: a synchronised batch norm too takes the statistics of what it is given.
    """
    batch_norms = [layer for layer in net.modules() if isinstance(layer, _BatchNorm)]
    dropouts = [layer for layer in net.modules() if isinstance(layer, _DropoutNd)]
    modes = [(layer, layer.training) for layer in (*batch_norms, *dropouts)]
    statistics = [(norm, norm.running_mean, norm.running_var) for norm in batch_norms]
    for dropout in dropouts:
        dropout.training = True
    for norm in batch_norms:  # evaluating without running statistics, it takes the batch's own
        norm.training, norm.running_mean, norm.running_var = False, None, None
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training
        for norm, mean, var in statistics:
            norm.running_mean, norm.running_var = mean, var


@contextmanager
def frozen(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Build graphs without weight gradients of ``parameters``; thawed again also if an exception leaves the block."""
    chosen = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in chosen:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in chosen:
            parameter.requires_grad_(True)


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Without autocast, on devices that have it at all (``meta`` has not)."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


@contextmanager
def twice_differentiable(device: torch.device) -> Iterator[None]:
    """Around passes whose gradient is differentiated again: gradient penalties, R1.

    At full precision, where a second backward pass keeps its accuracy; and not by code that ``torch.compile`` has made,
    which has no second backward pass.
    """
    compiler = "torch._dynamo" in sys.modules  # not loaded for this: it takes seconds, and nothing is compiled then
    with full_precision(device), torch.compiler.set_stance("force_eager") if compiler else nullcontext():
        yield
