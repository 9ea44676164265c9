"""``gan-zoo features encode|cluster checkpoint=FILE data=NAME``: what a model's encoder finds in the photos.

``encode`` writes a picture of features beside each label map of the data (``train_feat/``…), for training with
``model/features=stored data.features=true``. ``cluster`` writes the typical looks of each class beside the checkpoint,
for ``gan-zoo translate --features``.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_zoo.cli.compose import Composer, forget, parse
from gan_zoo.errors import UserError, nearest

if TYPE_CHECKING:
    import numpy as np

    from gan_zoo.data.labelmap_module import LabelMapModule
    from gan_zoo.models import Pix2PixHD

HELP = """\
usage: gan-zoo features encode checkpoint=FILE data.root=DIR [key=value …]
       gan-zoo features cluster checkpoint=FILE data.root=DIR [clusters=10]

encode   writes DIR/train_feat/ and the like (or below output=FOLDER, where DIR is to stay as it is): train with
         model/features=stored data.features=true
cluster  writes the looks of each class beside the checkpoint: gan-zoo translate --features sampled
data.load_size, data.preprocess… as in training, or features are of another scale;  device=cuda"""

Found = Iterator[tuple[Path, dict[str, Any], Any]]


def main(argv: Sequence[str]) -> int:
    """Encode or cluster.

    Raises:
        UserError: neither is asked for, no checkpoint is named, its model has no encoder, or the data do not fit it.
    """
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    if argv[0] not in ACTIONS:
        raise UserError(f"features {argv[0]}: encode or cluster{nearest(argv[0], ACTIONS)}")
    args = parse(argv[1:], "features")
    if not any(text.startswith("checkpoint=") for text in args.overrides):
        raise UserError(
            "features of what? checkpoint=… is missing: gan-zoo features encode checkpoint=FILE data.root=DIR"
        )
    composer = Composer.of(args)
    try:
        ACTIONS[argv[0]](composer.compose(args.overrides))
    finally:
        forget()
    return 0


def encode(cfg: DictConfig) -> None:
    """A picture of features for each photo of each split, in ``output`` or else in the data's folder."""
    from gan_zoo.cli.translation import write

    model, data = opened(cfg)
    for split in data.layout.splits:
        folder = Path(cfg.output or data.layout.root) / f"{split}_feat"
        count = 0
        for path, _, features in encoded(model, data, split, cfg.device):
            picture = data.view.write(features, features, "feature")
            write(picture, folder / below(path, split).with_suffix(".png"))
            count += 1
        print(f"{split}: {count} pictures of features in {folder}" if count else f"{split}: no photos")


def cluster(cfg: DictConfig) -> None:
    """The rows of all training instances, and the clusters of each class, beside the checkpoint."""
    from gan_zoo.data import clusters

    model, data = opened(cfg)
    rows = clusters.gather(
        clusters.instance_features(features[0].numpy(), ids(sample, "instance"), ids(sample, "label"))
        for _, sample, features in encoded(model, data, "train", cfg.device)
    )
    centres = clusters.cluster(rows, int(cfg.clusters))
    clusters.save(rows, beside(cfg.checkpoint, "features"))
    clusters.save(centres, beside(cfg.checkpoint, "clusters"))
    instances = sum(len(part) for part in rows.values())
    looks = sum(len(part) for part in centres.values())
    print(f"{instances} instances of {len(rows)} classes, {looks} looks: {beside(cfg.checkpoint, 'clusters')}")


ACTIONS: dict[str, Callable[[DictConfig], None]] = {"encode": encode, "cluster": cluster}


def below(photo: Path, split: str) -> Path:
    """A photo's place below the folder of its split: Cityscapes has a folder for each city."""
    tops = [parent for parent in photo.parents if parent.name.lower() in (split, f"{split}_img")]
    return photo.relative_to(tops[0]) if tops else Path(photo.name)


def beside(checkpoint: str | Path, what: str) -> Path:
    """``last.clusters.npz`` beside ``last.ckpt``."""
    return Path(checkpoint).with_suffix(f".{what}.npz")


def opened(cfg: DictConfig) -> "tuple[Pix2PixHD, LabelMapModule]":
    """The model, and data with label maps and photos, and instance maps where the model's features need them.

    Raises:
        UserError: the model has no encoder; the data are not label maps, or of more classes than the model's.
    """
    from hydra.utils import instantiate

    import gan_zoo
    from gan_zoo.data.labelmap_module import LabelMapModule

    model: Any = gan_zoo.load(cfg.checkpoint)
    if getattr(model, "encoder", None) is None:
        raise UserError(f"{cfg.checkpoint} holds no encoder of features: train one with model/features=instance")
    data = instantiate(cfg.data, features=False)
    if not isinstance(data, LabelMapModule):
        raise UserError(f"data={data.name} are not label maps: take data=labelmaps data.root=DIR")
    return model, data


def encoded(model: Any, data: "LabelMapModule", split: str, device: str) -> Found:
    """Of each photo of a split, in order and as in testing: its path, its sample, and its features (1, F, H, W)."""
    import torch

    from gan_zoo.cli.translation import device as named
    from gan_zoo.data.loader import Failure

    found = data.split(split)
    if not found or not found.b:
        return
    model.to(named(device))
    images = data.images(split, augment=False)
    for number, source in enumerate(found.b):
        sample = images[number]
        if isinstance(sample, Failure):
            raise UserError(sample.message)
        part = "label" if model.label_features or "instance" not in sample else "instance"
        with torch.inference_mode():
            maps = [sample[name][None].to(model.device) for name in ("image", part)]
            yield source.path, sample, model.encode_features(*maps).cpu()


def ids(sample: dict[str, Any], part: str) -> "np.ndarray[Any, Any]":
    """A map of a sample (H, W); label maps are their own instances where there are none."""
    found: np.ndarray[Any, Any] = sample.get(part, sample["label"])[0].numpy()
    return found
