"""What ``gan-zoo translate`` does with label maps: other classes, and other looks of instances, for the same scene.

A look is what a model's encoder says of an instance: of a photo (``encoded``), or one of the typical ones of its class,
as ``gan-zoo features cluster`` found them (``clustered``: of one number for all; ``sampled``: drawn for each).
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.features import beside
from gan_zoo.cli.report import one_line
from gan_zoo.cli.styles import Request
from gan_zoo.data.images import SUFFIXES
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from gan_zoo.data.views_labels import Labels

MODES = ("encoded", "clustered", "sampled")
TYPED = {"instance": "--instances", "image": "--photos"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a command line can ask of a model of label maps."""
    group = parser.add_argument_group("label maps (pix2pixHD); --styles N gives N outputs of other looks")
    group.add_argument("--instances", metavar="DIR", help="instance maps; default: X_inst beside the folder X_label")
    group.add_argument("--photos", metavar="DIR", help="photos for --features encoded; default: X_img")
    group.add_argument(
        "--features", choices=MODES, help="looks: the photos', the K-th of each class, or drawn (default)"
    )
    group.add_argument("--encoder", metavar="CKPT", help="whose encoder and clusters; default: the checkpoint's own")
    group.add_argument("--relabel", action="append", default=[], metavar="OLD=NEW", help="by name or id: tree=building")
    group.add_argument("--instance-style", action="append", default=[], metavar="ID=K", help="one instance's look")


def asked(args: argparse.Namespace) -> bool:
    """Whether a command line uses one of these options."""
    return any((args.instances, args.photos, args.features, args.encoder, args.relabel, args.instance_style))


def translate(model: Any, view: Any, args: argparse.Namespace) -> int:
    """Photos for label maps; 1 where some had to be skipped.

    Raises:
        UserError: an option that this model cannot follow; an unreadable or missing map (without --skip).
    """
    from gan_zoo.cli.translation import plan, write

    numbers = range(1, (args.styles or 1) + 1)
    requests = [Request(f"_style{number}" if args.styles else "") for number in numbers]
    painter = Painter.of(model, view, args)
    jobs = plan([Path(name) for name in args.inputs], Path(args.output), requests)
    maps = [job for job in jobs if job.source.stem.endswith("_labelIds")]  # Cityscapes keeps others beside them
    skipped = 0
    for job in maps or jobs:
        try:
            for request, photo in zip(requests, painter(job.source, len(requests)), strict=True):
                write(painter.view.write(photo, photo, "image"), request.target(job.target))
        except UserError as error:
            if not args.skip:
                raise UserError(f"{error} (--skip goes on with the others)") from error
            print(f"skipped: {one_line(error)}", file=sys.stderr)
            skipped += 1
    print(f"{len(maps or jobs) - skipped} of {len(maps or jobs)} label maps in {args.output}")
    return 1 if skipped else 0


class Numbered:
    """Draws that are no draws: always the look of this number, counted round."""

    def __init__(self, number: int) -> None:
        self.number = number

    def integers(self, high: int) -> int:
        """``number`` modulo ``high``."""
        return self.number % high


@dataclass(frozen=True)
class Painter:
    """A model of label maps, how files become maps, where looks come from, and what is to be changed."""

    model: Any
    view: "Labels"
    typed: Mapping[str, str | None]  # folders of "instance" and "image"
    mode: str | None = None
    encoder: Any = None
    centres: "Mapping[int, np.ndarray[Any, Any]]" = field(default_factory=dict)
    relabel: Mapping[int, int] = field(default_factory=dict)
    chosen: Mapping[int, int] = field(default_factory=dict)
    seed: int = 0

    @classmethod
    def of(cls, model: Any, view: Any, args: argparse.Namespace) -> "Painter":
        """What a command line asks for.

        Raises:
            UserError: looks for a model without features, or without clusters; styles that would all be the same.
        """
        import gan_zoo
        from gan_zoo.data.clusters import load
        from gan_zoo.data.views_labels import Labels

        if args.style_image or args.interpolate is not None:
            raise UserError("label maps have looks of instances: --features, --instance-style, --styles N")
        mode = (args.features or "sampled") if model.n_features else None
        if mode is None and (args.features or args.instance_style or args.styles):
            raise UserError(f"{args.checkpoint} has one output for a label map: it was trained without features")
        if mode == "encoded" and args.styles:
            raise UserError("--styles gives other looks, and --features encoded has those of the photo: leave one out")
        labels = view if isinstance(view, Labels) else Labels(model.labels)  # imported weights know no view
        source, drawn = args.encoder or args.checkpoint, mode in ("clustered", "sampled")
        return cls(
            model,
            labels,
            {"instance": args.instances, "image": args.photos},
            mode,
            gan_zoo.load(args.encoder).to(model.device) if args.encoder and mode == "encoded" else model,
            load(beside(source, "clusters")) if drawn or args.instance_style else {},
            dict(pair("--relabel", text, "tree=building", labels.id_of) for text in args.relabel),
            dict(pair("--instance-style", text, "26001=3", number) for text in args.instance_style),
            args.seed,
        )

    def __call__(self, path: Path, styles: int = 1) -> "list[Tensor]":
        """Photos (1, 3, H, W) in [-1, 1] for a label map, one a style.

        Raises:
            UserError: an unreadable or missing map, or one of another size.
        """
        import torch

        label = self.view.read(path, "label")
        instance = self.part(path, "instance", label) if self.model.instances else label
        shown, parts = (relabelled(each, label, self.relabel) for each in (label, instance))
        photos = []
        with torch.inference_mode():
            base = self.encoded(path, label, instance) if self.mode == "encoded" else None
            for style in range(styles):
                looks = None if self.mode is None else self.looks(shown, parts, base, style)
                inputs = (shown, parts if self.model.instances else None, looks)
                photos.append(
                    self.model.translate_labels(
                        *(one if one is None else one.to(self.model.device) for one in inputs)
                    ).cpu()
                )
        return photos

    def part(self, path: Path, name: str, label: "Tensor") -> "Tensor":
        """The instance map or photo of a label map."""
        found = self.view.read(partner(path, name, self.typed[name]), name)
        if found.shape[-2:] != label.shape[-2:]:
            own, other = ("x".join(str(side) for side in reversed(one.shape[-2:])) for one in (label, found))
            raise UserError(f"{path} is {own} but its {name} is {other}: make them equal")
        return found

    def encoded(self, path: Path, label: "Tensor", instance: "Tensor") -> "Tensor":
        """What the encoder finds in the photo, averaged over the instances as they were."""
        ids = label if self.model.label_features else instance
        photo = self.part(path, "image", label)
        found: Tensor = self.encoder.encode_features(photo.to(self.model.device), ids.to(self.model.device))
        return found.cpu()

    def looks(self, label: "Tensor", instance: "Tensor", base: "Tensor | None", style: int) -> "Tensor":
        """Features (1, F, H, W) of every instance; ``base``: the encoded ones, if they are asked for."""
        import numpy as np
        import torch

        from gan_zoo.data.clusters import sample

        draws: Any = np.random.default_rng(self.seed + style) if self.mode == "sampled" else Numbered(style)
        kinds, ids = label[0, 0].numpy(), instance[0, 0].numpy()
        looks = (
            torch.from_numpy(sample(self.centres, kinds, ids, draws))[None].float() if base is None else base.clone()
        )
        for number, look in self.chosen.items():
            places = torch.from_numpy(ids == number)
            kind = int(kinds[ids == number][0]) if bool(places.any()) else None
            if kind is not None and kind not in self.centres:
                raise UserError(f"--instance-style {number}={look}: class {kind} has no looks in the clusters")
            if kind is not None:
                own = self.centres[kind][look % len(self.centres[kind])]
                looks[0][:, places] = torch.from_numpy(own).to(looks)[:, None]
        return looks


def relabelled(ids: "Tensor", label: "Tensor", changes: Mapping[int, int]) -> "Tensor":
    """Ids where classes have become others; those of instances are their class, or 1000 times it and a number."""
    changed = ids.clone()
    for old, new in changes.items():
        of_class = label == old
        changed[of_class & (ids == old)] = new
        numbered = of_class & (ids // 1000 == old) & (ids >= 1000)
        changed[numbered] = new * 1000 + ids[numbered] % 1000
    return changed


def partner(path: Path, name: str, typed: str | None) -> Path:
    """The instance map or photo of a label map, by its name: in the typed folder, or where pix2pixHD's sets and
    Cityscapes have it.

    Raises:
        UserError: there is none.
    """
    from gan_zoo.data.folders_labels import ROLES

    role, key = ROLES[name], stem(path)
    if typed:
        places = [Path(typed)]
    elif path.stem.endswith(ROLES["label"].ending):
        places = [path.parent, Path(*("leftImg8bit" if part == "gtFine" else part for part in path.parent.parts))]
    else:
        places = [path.parent.with_name(path.parent.name.removesuffix("label") + role.folder)]
    for place in places:
        for file in sorted(place.glob(f"{key}*")) if place.is_dir() else []:
            own = file.parent != path.parent or file.stem.endswith(role.ending)
            if own and stem(file) == key and file.suffix.lower() in SUFFIXES:
                return file
    raise UserError(f"{path}: no {role.called} of that name in {places[-1]}: {TYPED[name]} DIR says where they are")


def stem(path: Path) -> str:
    """A file's name without what Cityscapes adds for its part."""
    from gan_zoo.data.folders_labels import ROLES

    name = path.stem
    for ending in (*(role.ending for role in ROLES.values()), "_gtFine", "_gtCoarse"):
        name = name.removesuffix(ending)
    return name


def pair(option: str, text: str, example: str, read: Callable[[str], int]) -> tuple[int, int]:
    """The two sides of ``OLD=NEW``, read.

    Raises:
        UserError: there are not two.
    """
    old, _, new = text.partition("=")
    if not (old and new):
        raise UserError(f"{option} {text}: write two sides, as in {option} {example}")
    return read(old), read(new)


def number(text: str) -> int:
    """A whole number.

    Raises:
        UserError: it is none.
    """
    if not text.isdecimal():
        raise UserError(
            f"--instance-style: {text!r} is no whole number; instances and looks are numbers, as in 26001=3"
        )
    return int(text)
