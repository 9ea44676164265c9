"""A DataLoader that knows where it stands in the stream, and hands errors of its workers on as the one line they
are."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from gan_zoo.data.sampler import StreamSampler
from gan_zoo.errors import UserError

Batch = dict[str, Any]


class Failure:
    """An error on its way out of a worker: torch would wrap the exception itself in the worker's traceback."""

    def __init__(self, message: str) -> None:
        self.message = message


def collate(samples: list[Batch | Failure]) -> Batch | Failure:
    """Stack the samples; the first failure takes the batch's place. Images of unlike sizes are said to be so."""
    good: list[Batch] = []
    for sample in samples:
        if isinstance(sample, Failure):
            return sample
        good.append(sample)
    for name in good[0]:
        shapes = {tuple(sample[name].shape) for sample in good}
        if len(shapes) > 1:
            sizes = " and ".join(f"{shape[-1]}x{shape[-2]}" for shape in sorted(shapes)[:2])
            return Failure(
                f"images of unlike sizes in one batch ({sizes}): data.batch_size=1, or a preprocess that crops"
            )
    batch: Batch = default_collate(good)
    return batch


def middles(samples: list[Batch]) -> list[Batch]:
    """The samples with each image (C, H, W) cut about its middle to the least height and width of those of its name."""
    least = {name: [min(s[name].shape[i] for s in samples) for i in (-2, -1)] for name in (samples or [{}])[0]}
    return [{name: _middle(image, *least[name]) for name, image in sample.items()} for sample in samples]


def _middle(image: Tensor, height: int, width: int) -> Tensor:
    top, left = (image.shape[-2] - height) // 2, (image.shape[-1] - width) // 2
    return image[..., top : top + height, left : left + width]


class EvalLoader(DataLoader[Any]):
    """A loader that raises what its data set could not read, as ``UserError``."""

    def __iter__(self) -> Any:
        return _Unwrapped(super().__iter__, self.__len__)


class StreamLoader(EvalLoader):
    """The training loader. ``state_dict`` and ``load_state_dict`` make Lightning store and restore the position.

    The position counts batches *trained*: ``progress`` (set by the datamodule) returns their number in this epoch, and
    how many an epoch has. Workers may have fetched more; those are fetched again.
    """

    progress: Callable[[], tuple[int, int]] | None = None

    @property
    def stream(self) -> StreamSampler:
        """The sampler."""
        assert isinstance(self.sampler, StreamSampler)
        return self.sampler

    def state_dict(self) -> dict[str, int]:
        """Where training stands: epoch and batches trained in it. A finished epoch is the start of the next one."""
        trained, length = self.progress() if self.progress else (0, len(self))
        epoch = self.stream.epoch
        if trained >= length:
            epoch, trained = epoch + 1, 0
        return {"epoch": epoch, "batch": trained, "size": self.stream.size, "batch_size": self.stream.batch_size}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from there. Raises ``UserError`` if the data set or the batch size is another one than then."""
        for key, now, mend in (
            ("size", self.stream.size, "restore the data"),
            ("batch_size", self.stream.batch_size, f"data.batch_size={state['batch_size']}"),
        ):
            if state["batch"] and state[key] != now:
                raise UserError(
                    f"the checkpoint was written in the middle of an epoch with {key} {state[key]}, now it is {now}: "
                    f"{mend}, or resume from a checkpoint of an epoch's end"
                )
        self.stream.resume(state["epoch"], state["batch"])


class _Unwrapped:
    """The loader's iterator; failures are raised where training can see them.

    It starts at the first ``next``: Lightning asks for the iterator before it says which epoch it is, and workers would
    fetch the first batches of the wrong one (seen when resuming from the end of an epoch).
    """

    def __init__(self, start: Callable[[], Iterator[Any]], length: Callable[[], int]) -> None:
        self.start, self.length = start, length
        self.batches: Iterator[Any] | None = None

    def __iter__(self) -> "_Unwrapped":
        return self

    def __len__(self) -> int:
        return self.length()

    def __next__(self) -> Batch:
        if self.batches is None:
            self.batches = self.start()
        batch = next(self.batches)
        if isinstance(batch, Failure):
            raise UserError(batch.message)
        found: Batch = batch
        return found
