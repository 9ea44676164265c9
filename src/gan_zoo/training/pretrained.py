"""Networks that others have trained and that a model only looks through: neither player nor part of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning import LightningModule
from torch import Tensor, nn

from gan_zoo.data.transfer import Patience
from gan_zoo.errors import UserError
from gan_zoo.training import weight_files


class Published(Protocol):
    """What is known of such a network: its shape, its file, and where that is published."""

    @property
    def weights(self) -> str | None:
        """A file, or None."""

    @property
    def address(self) -> str:
        """Of the published file ("": none), whose name ends in the beginning of its SHA-256: ``NAME-xxxxxxxx.pth``."""

    @property
    def renamed(self) -> Mapping[str, str]:
        """The file's keys by the network's, where they differ."""

    def network(self) -> nn.Module:
        """The network without weights."""


class Judge:
    """A frozen network with its weights, read when it is first needed. Never random: without weights it does not run.

    Args:
        published: which network.
        instead: what a user without the file can do, the end of the error's line.
    """

    def __init__(self, published: Published, instead: str) -> None:
        self.published, self.instead = published, instead
        self.network: nn.Module | None = None

    def __call__(self, images: Tensor) -> Any:
        """What the network gives, on the images' device and in float32 at least (outside autocast)."""
        dtype = torch.promote_types(images.dtype, torch.float32)
        network = self.load().to(images.device, dtype)
        return network(images.to(dtype))

    def load(self) -> nn.Module:
        """The network; its weights are read at the first call."""
        if self.network is None:
            self.fill(weight_files.read(self.file(), self.instead))
        return self.network  # type: ignore[return-value]  # fill has set it

    def prepare(self, module: LightningModule) -> None:
        """Before training: one process of each machine downloads what is missing, then all read it.

        Raises:
            UserError: see ``file`` and ``fill``.
        """
        if self.network is None:
            if module.local_rank == 0:
                self.file()
            module.trainer.strategy.barrier()
            self.load()

    def fill(self, state: Mapping[str, Any]) -> None:
        """Take these weights; entries of layers that are not looked at may be there.

        Raises:
            UserError: some are missing, or of another shape.
        """
        network = self.published.network()
        wanted = network.state_dict()
        keys = {key: self.published.renamed.get(key, key) for key in wanted}
        given = {ours: torch.as_tensor(state[theirs]) for ours, theirs in keys.items() if theirs in state}
        wrong = [key for key in wanted if key not in given or given[key].shape != wanted[key].shape]
        if wrong:
            raise UserError(
                f"these are no weights of {type(self.published).__name__}: {wrong[0]} is missing or of another shape; "
                f"take the file {self.published.address or 'that its class describes'}, or {self.instead}"
            )
        network.load_state_dict(given)
        self.network = network.requires_grad_(False).eval()

    def file(self, patience: Patience = Patience()) -> Path:
        """The file of the weights, downloaded if it is nowhere.

        Raises:
            UserError: it is not where it was said to be, or is damaged, or cannot be downloaded.
        """
        known = self.published
        return weight_files.find(type(known).__name__, known.weights, known.address, self.instead, patience)
