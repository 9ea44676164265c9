"""``gan-zoo data show``: samples of any data set on one picture, as a model sees them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError


def show(name: str, overrides: Sequence[str], output: Path, count: int, split: str) -> str:
    """Write the sheet, a row each for what a batch holds and a column a sample; returns the line on what it shows.

    Raises:
        UserError: no such data, or data that cannot be read; ``output`` is no picture's name.
    """
    from PIL import Image

    from gan_zoo.data.images import SUFFIXES

    if output.suffix.lower() not in SUFFIXES - {".npy"}:
        raise UserError(f"--output {output}: the name of a picture, such as sheet.png")
    data = _datamodule(name, overrides)
    batch = data.fixed_samples(count, split)
    from gan_zoo.cli.sheets import laid_out
    from gan_zoo.cli.translation import write

    shown = data.view.pictures(batch, batch)
    rows = [[_image(picture) for picture in pictures] for pictures in shown.values()]
    write(laid_out(rows), output, format=Image.registered_extensions()[output.suffix.lower()])
    return f"{data.describe()}\nwritten: {output}: rows {', '.join(shown)}"


def _datamodule(name: str, overrides: Sequence[str]) -> Any:
    from hydra.utils import instantiate

    from gan_zoo.cli.compose import Composer, forget

    composer = Composer("train")
    try:
        cfg = composer.compose([f"data={name}", *overrides])
        return instantiate(cfg.data)
    finally:
        forget()


def _image(picture: Any) -> Any:
    from PIL import Image

    return Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
