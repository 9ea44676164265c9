"""Models from files."""

from collections.abc import Sequence
from pathlib import Path

from gan_zoo.errors import UserError
from gan_zoo.training import checkpoint_io
from gan_zoo.training.config import build
from gan_zoo.training.config import trust as trust_packages
from gan_zoo.training.module import GANModule
from gan_zoo.training.resume import KEY


def load(path: str | Path, trust: Sequence[str] = ()) -> GANModule:
    """The model that a checkpoint holds, on the CPU, in evaluation mode, ready to ``translate``.

    Args:
        path: a checkpoint written in training, or by ``gan-zoo import``.
        trust: further packages whose classes the checkpoint may name (its author's own networks).

    Raises:
        UserError: no such file, a truncated one, one with pickled code, or not one of ours.
    """
    checkpoint = checkpoint_io.read(path)
    if KEY not in checkpoint or "state_dict" not in checkpoint:
        raise UserError(
            f"{path} was not written by gan_zoo: turn reference weights into a checkpoint with `gan-zoo import`"
        )
    trust_packages(*trust)
    try:
        model = build(checkpoint[KEY]["model"])
    except TypeError as error:
        raise UserError(f"{path} describes a model that this version cannot build: {error}") from error
    if not isinstance(model, GANModule):
        raise UserError(f"{path} does not describe a model of this zoo")
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"the weights in {path} do not fit the model that it describes: {reason}") from error
    model.images_seen = checkpoint[KEY]["images_seen"]
    return model.eval()
