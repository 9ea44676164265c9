"""How much is measured, on what, and when: ``conf/evaluation``."""

from dataclasses import dataclass

from gan_zoo.errors import UserError


@dataclass(frozen=True)
class Settings:
    """All values of ``evaluation.…``.

    ``split``: None is the test pictures (in training those of validation); models that make pictures of nothing are
    held against the training pictures, as their papers do. ``samples``: at most so many of each set; None: all of a
    split, and 10,000 samples or as many as there are real pictures, if fewer. ``batch_size``: samples that pass through
    a network together. ``cache``: the folder of what judges saw of real pictures; None: $GAN_ZOO_CACHE or
    ~/.cache/gan_zoo; False: nothing is kept. ``every_n_ticks``: in training.
    """

    split: str | None = None
    samples: int | None = None
    batch_size: int = 16
    seed: int = 0
    num_workers: int | None = None
    cache: str | bool | None = None
    every_n_ticks: int = 1

    def __post_init__(self) -> None:
        for name in ("samples", "batch_size", "every_n_ticks"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"evaluation.{name}={value}: give 1 or more")
