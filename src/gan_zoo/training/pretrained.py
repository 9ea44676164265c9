"""Networks that others have trained and that a model only looks through: neither player nor part of a checkpoint."""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning import LightningModule
from torch import Tensor, nn

from gan_zoo.data.transfer import Patience, download
from gan_zoo.errors import UserError


class Published(Protocol):
    """What is known of such a network: its shape, its file, and where that is published."""

    @property
    def weights(self) -> str | None:
        """A file, or None."""

    @property
    def url(self) -> str:
        """Of the published file, whose name ends in the beginning of its SHA-256: ``NAME-xxxxxxxx.pth``."""

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
            self.fill(read(self.file(), self.instead))
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
                f"take the file {self.published.url or 'that its class describes'}, or {self.instead}"
            )
        network.load_state_dict(given)
        self.network = network.requires_grad_(False).eval()

    def file(self, patience: Patience = Patience()) -> Path:
        """The file of the weights, downloaded if it is nowhere.

        Raises:
            UserError: it is not where it was said to be, or is damaged, or cannot be downloaded.
        """
        if self.published.weights is not None:
            path = Path(self.published.weights).expanduser()
            if not path.is_file():
                raise UserError(f"there are no weights at {path}: name another file, or {self.instead}")
            return path
        if not self.published.url:
            name = type(self.published).__name__
            raise UserError(
                f"the weights of {name} are nowhere to download: name a file with weights=, or {self.instead}"
            )
        path = Path(torch.hub.get_dir(), "checkpoints", self.published.url.rpartition("/")[2])
        if not path.is_file():
            self._download(path, patience)
        check(path)
        return path

    def _download(self, path: Path, patience: Patience) -> None:
        unfinished = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download(self.published.url, unfinished, patience=patience)
        except (UserError, OSError) as error:
            reason = str(error).partition("; ")[0]
            raise UserError(
                f"no weights for {type(self.published).__name__}: {reason}. "
                f"Put {self.published.url} at {path}, or {self.instead}"
            ) from error
        check(unfinished, path.name)
        os.replace(unfinished, path)


def check(path: Path, name: str | None = None) -> None:
    """Hold a file's SHA-256 to the beginning of it that the name tells; a file of another content is removed if it was
    downloaded just now.

    Raises:
        UserError: they differ.
    """
    told = re.search(r"-([0-9a-f]{8,})\.\w+$", name or path.name)
    if told is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(told[1]):
        if name is not None:
            path.unlink()
        raise UserError(
            f"{path} is damaged: its SHA-256 begins with {found[:8]}, not {told[1]}; delete it and download it again"
        )


def read(path: Path, instead: str) -> dict[str, Tensor]:
    """A file of bare weights, read without running what it may contain.

    Raises:
        UserError: it is no such file.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"cannot read weights from {path}: {str(error).splitlines()[0]}; {instead}") from error
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no weights: name another file, or {instead}")
    return state
