"""Training iterations of a case, run by Lightning as a user runs them."""

import warnings
from collections.abc import Mapping
from typing import Any

from lightning import Callback, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from gan_zoo.interop import reference_networks
from gan_zoo.training.module import GANModule


class Recorder(Callback):
    """Keeps what each reference network gave first in an iteration, and calls ``after`` at its end."""

    def __init__(self) -> None:
        self.first_output: dict[str, Tensor] = {}
        self.handles: list[Any] = []

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Listen to the networks."""
        for name, net in reference_networks(pl_module).items():
            self.handles.append(net.register_forward_hook(self._note(name)))

    def _note(self, name: str) -> Any:
        def note(_: Any, __: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                self.first_output.setdefault(name, output.detach().clone())

        return note

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Hand over what was heard."""
        self.after(pl_module, batch_idx + 1, self.first_output)
        self.first_output = {}

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Stop listening."""
        for handle in self.handles:
            handle.remove()

    def after(self, model: GANModule, iteration: int, first_output: Mapping[str, Tensor]) -> None:
        """Called at the end of iteration 1, 2, …"""
        raise NotImplementedError


def train(
    model: GANModule, batches: list[dict[str, Tensor]], recorder: Recorder, precision: Any = "64-true"
) -> None:
    """One epoch over these batches, in float64 unless said otherwise, on the CPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=1,
            precision=precision,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[recorder],
        )
        trainer.fit(model, DataLoader(batches, batch_size=None, shuffle=False))
    assert trainer.global_step == len(batches)
