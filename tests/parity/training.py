"""Training iterations of a case, run by Lightning as a user runs them, and the gradients of a pass."""

import warnings
from collections.abc import Mapping
from typing import Any

from lightning import Callback, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from gan_zoo.interop import reference_networks, to_reference
from gan_zoo.training.module import GANModule


class Recorder(Callback):
    """Keeps what each reference network gave first in an iteration, and calls ``after`` at its end."""

    def __init__(self, case: Any = None) -> None:
        self.case = case
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


def gradients(model: GANModule, net: str) -> dict[str, Tensor | None]:
    """A network's gradients by the reference's keys: a state dict shares its memory with the parameters."""
    owners = {p.data_ptr(): p for p in model.parameters()}
    state = to_reference(model)[net]
    return {key: owners[value.data_ptr()].grad for key, value in state.items() if value.data_ptr() in owners}


def gradients_of(model: GANModule, net: str, keys: list[str]) -> list[Tensor | None]:
    """The same of these keys, in their order."""
    found = gradients(model, net)
    return [found[key] for key in keys]


def train(model: GANModule, batches: list[dict[str, Tensor]], recorder: Recorder, precision: Any = "64-true") -> None:
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
