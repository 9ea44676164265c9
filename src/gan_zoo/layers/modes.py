"""Running a network in a mode that is neither ``train`` nor ``eval``."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd


@contextmanager
def stochastic_inference(net: nn.Module) -> Iterator[None]:
    """Dropout drawn and batch norm by the statistics of the batch itself, as pix2pix tests (its sec. 3.4).

    The running statistics do not move: the reference moves them in memory while testing, to no effect on any output.
    """
    batch_norms = [layer for layer in net.modules() if isinstance(layer, _BatchNorm)]
    layers = batch_norms + [layer for layer in net.modules() if isinstance(layer, _DropoutNd)]
    before = [layer.training for layer in layers]
    tracking = [layer.track_running_stats for layer in batch_norms]
    for layer in layers:
        layer.training = True
    for layer in batch_norms:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer, training in zip(layers, before, strict=True):
            layer.training = training
        for layer, tracked in zip(batch_norms, tracking, strict=True):
            layer.track_running_stats = tracked
