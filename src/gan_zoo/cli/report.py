"""Exceptions as one line: what is wrong, where, what to do. Knows libraries' by name, so that it imports none."""

import errno
import re

from gan_zoo.errors import UserError

_ADVICE = {
    errno.ENOSPC: "no space left on the device: free some, or write elsewhere (hydra.run.dir=…, --output …)",
    errno.EACCES: "no permission",
    errno.EROFS: "this file system cannot be written to",
    errno.ENOENT: "no such file or folder",
    errno.EDQUOT: "the disk quota is used up: free some space, or write elsewhere (hydra.run.dir=…, --output …)",
}


def one_line(error: BaseException) -> str:
    """The line for an exception, without line breaks."""
    root = _root(error)
    if isinstance(root, UserError):
        return squeeze(_from_worker(str(root)))
    if isinstance(root, OSError) and root.errno in _ADVICE:
        return squeeze(f"{root.filename or 'writing'}: {_ADVICE[root.errno]}")
    if out_of_space := _names(root, "No space left on device"):
        return out_of_space
    if type(root).__name__ == "MisconfigurationException":
        return _devices(squeeze(str(root)))
    if type(root).__name__ == "OutOfMemoryError":
        return "out of memory : lower data.batch_size or data.crop_size, or set trainer.precision=bf16-mixed"
    if isinstance(root, ModuleNotFoundError):
        return _missing(root)
    if type(root).__module__.startswith(("torch._dynamo", "torch._inductor")):
        first = (str(root).strip() or type(root).__name__).splitlines()[0]  # the rest is a compiler's output
        return (
            f"torch.compile failed: {squeeze(first)}; compile=false trains without (GAN_ZOO_TRACEBACK=1 shows it all)"
        )
    return squeeze(f"{type(root).__name__}: {root} (GAN_ZOO_TRACEBACK=1 shows where)")


def _from_worker(text: str) -> str:
    """What a loader's worker process raised: PyTorch puts the worker's whole traceback into the message."""
    return text.rpartition("UserError: ")[2] if "Original Traceback" in text else text


def squeeze(text: str) -> str:
    """A text on one line."""
    text = text.replace(", set env var HYDRA_FULL_ERROR=1 to see chained exception.", "")
    return re.sub(r"\s+", " ", text).strip()


def _root(error: BaseException) -> BaseException:
    """The user's mistake behind wrappers (Hydra's instantiation, loader workers), else the error itself."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, UserError | OSError):
            return seen
        seen = seen.__cause__
    if (
        type(error).__name__ == "InstantiationException"
        and type(error.__cause__).__name__ == "MisconfigurationException"
    ):
        return error.__cause__ or error
    return error


def _names(error: BaseException, words: str) -> str:
    """PyTorch's file writer reports a full disk as a RuntimeError."""
    return _ADVICE[errno.ENOSPC] if words in str(error) else ""


def _devices(message: str) -> str:
    """Lightning's message about devices, with what to do."""
    if "requested gpu" in message.lower() and "machine only has" in message:
        return f"{message.rstrip('.')}: set trainer.devices to what there is, or trainer=cpu"
    if "No supported gpu backend found" in message:
        return "there is no GPU that PyTorch can use here: trainer=cpu, or trainer.accelerator=auto takes what there is"
    return message


_EXTRAS = {
    "tensorboard": "tensorboard",
    "hydra_plugins": "sweep",
    "optuna": "sweep",
    "joblib": "sweep",
    "submitit": "sweep",
    "torch_fidelity": "metrics",
    "lpips": "metrics",
    "sklearn": "metrics",
    "wandb": "",
}


def _missing(error: ModuleNotFoundError) -> str:
    package = (error.name or "").split(".")[0]
    extra = _EXTRAS.get(package)
    what = f"pip install 'gan-zoo[{extra}]'" if extra else f"pip install {package}"
    return f"the package {package} is not installed: {what}"
