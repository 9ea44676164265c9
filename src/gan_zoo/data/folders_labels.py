"""Folders of label maps: pix2pixHD's ``{split}_{label,inst,img,feat}`` and Cityscapes' own tree, detected and said in
one line.

In a split, ``a`` are the label maps, ``b`` the photos, and ``more`` has "instance" and "feature" where they are wanted.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_zoo.data.folders import SPLITS, Layout, Source, Split, domain_folders, existing, images_below, subfolders
from gan_zoo.data.images import Picture
from gan_zoo.errors import UserError

Reader = Callable[[Path], Picture]


@dataclass(frozen=True)
class Role:
    """One part of a sample: the end of its folder's name, that of its files in Cityscapes, and what it is called."""

    folder: str
    ending: str
    called: str


ROLES = {
    "label": Role("label", "_labelIds", "label maps"),
    "instance": Role("inst", "_instanceIds", "instance maps"),
    "image": Role("img", "_leftImg8bit", "photos"),
    "feature": Role("feat", "_leftImg8bit", "features"),
}
TEST_NEEDS = ("label", "instance")  # a photo is not needed to be painted, nor are features: a style can be chosen
_CITY = re.compile(r"(_gtFine|_gtCoarse)?_(labelIds|instanceIds|leftImg8bit)$")
EXPECTED = "train_label/ train_inst/ train_img/ test_label/ ..., or Cityscapes' gtFine/ and leftImg8bit/"


def looks_like_label_maps(root: Path) -> bool:
    """Whether label maps and photos lie there."""
    return bool(_city_folders(root)) or all(domain_folders(root, ROLES[role].folder) for role in ("label", "image"))


def detect_labels(root: str | Path, readers: Mapping[str, Reader]) -> Layout:
    """Label maps and what belongs to them: the parts that ``readers`` names ("label", "image", "instance", "feature").

    Partners are matched by file name (without ending, and without Cityscapes' suffixes); a part none of whose names
    agree is matched by position, as in the reference, if there are as many. Raises ``UserError``.
    """
    root = existing(root)
    city = _city_folders(root)
    found = city or _flat_folders(root)
    if not found:
        raise UserError(f"{root}: no label maps in it; expected {EXPECTED}")
    matched = {split: _match(split, folders, readers) for split, folders in found.items()}
    by_position = sorted({part for one in matched.values() for part in one.by_position})
    parts = " and ".join(ROLES[role].called for role in ROLES if role in readers)
    how = f"; {' and '.join(by_position)} by position, since no names agree" if by_position else ""
    words = f"{parts}{' of Cityscapes' if city else ''}, matched by file name{how}"
    problems = tuple(line for one in matched.values() for line in one.problems)
    return Layout(root, words, {split: one.split for split, one in matched.items()}, problems)


@dataclass(frozen=True)
class _Matched:
    split: Split
    by_position: tuple[str, ...]
    problems: tuple[str, ...]


def _flat_folders(root: Path) -> dict[str, dict[str, Path]]:
    """Folders by split and role."""
    by_role = {name: domain_folders(root, role.folder) for name, role in ROLES.items()}
    return {
        split: {name: folders[split] for name, folders in by_role.items() if split in folders}
        for split in SPLITS
        if split in by_role["label"]
    }


def _city_folders(root: Path) -> dict[str, dict[str, Path]]:
    """The same in Cityscapes' tree. Its test split is left out where there is another: its label maps are dummies."""
    inside = subfolders(root)
    if not {"gtfine", "leftimg8bit"} <= set(inside):
        return {}
    maps, photos = subfolders(inside["gtfine"]), subfolders(inside["leftimg8bit"])
    splits = [split for split in SPLITS if split in maps]
    roles = {"label": maps, "instance": maps, "image": photos, "feature": domain_folders(root, ROLES["feature"].folder)}
    found = {split: {name: place[split] for name, place in roles.items() if split in place} for split in splits}
    if len(found) > 1:
        found.pop("test", None)
    return found


def _match(split: str, folders: Mapping[str, Path], readers: Mapping[str, Reader]) -> _Matched:
    """The samples of one split. Raises ``UserError`` where a part is missing or fits nothing."""
    wanted = [role for role in ROLES if role in readers]
    for role in wanted:
        if role not in folders and (split != "test" or role in TEST_NEEDS):
            without = {"instance": ": data.instances=false does without", "feature": ": data.features=false"}
            end = ROLES[role].folder
            raise UserError(
                f"{folders['label'].parent}: no folder of {ROLES[role].called} ({split}_{end}) beside "
                f"{folders['label'].name}{without.get(role, '')}"
            )
    files = {role: _files(folders[role], role) for role in wanted if role in folders}
    labels = files.pop("label")
    partners = {role: _partners(labels, paths, folders, role) for role, paths in files.items()}
    whole = [key for key in labels if all(key in found for found, _ in partners.values())]
    lone = [line for role, paths in files.items() for line in _lone(labels, paths, *partners[role], folders, role)]
    sides = {
        role: tuple(Source(found[key], reader=readers[role]) for key in whole) for role, (found, _) in partners.items()
    }
    own = tuple(Source(labels[key], reader=readers["label"]) for key in whole)
    by_position = tuple(ROLES[role].called for role, (_, named) in partners.items() if not named)
    return _Matched(Split(own, sides.pop("image", ()), sides), by_position, tuple(lone))


def _partners(
    labels: Mapping[str, Path], paths: Mapping[str, Path], folders: Mapping[str, Path], role: str
) -> tuple[dict[str, Path], bool]:
    """The file of a part for each label map that has one, and whether names said so (else positions)."""
    common = {key: paths[key] for key in labels if key in paths}
    if common:
        return common, True
    if len(labels) == len(paths):
        return dict(zip(labels, paths.values(), strict=True)), False
    raise UserError(
        f"{folders[role]}: none of its {len(paths)} {ROLES[role].called} is named as one of the {len(labels)} label "
        f"maps of {folders['label']}, and their numbers differ: name them alike"
    )


def _lone(
    labels: Mapping[str, Path],
    paths: Mapping[str, Path],
    found: Mapping[str, Path],
    named: bool,
    folders: Mapping[str, Path],
    role: str,
) -> Iterable[str]:
    """A line for each label map without this part, and for each of this part without a label map."""
    if named:
        yield from (f"{labels[key]}: no image of that name in {folders[role]}" for key in labels if key not in found)
        yield from (f"{paths[key]}: no image of that name in {folders['label']}" for key in paths if key not in labels)


def _files(folder: Path, role: str) -> dict[str, Path]:
    """The files of a part by name; of Cityscapes' several maps a photo, those of this part only."""
    found = images_below(folder)
    own = [path for path in found if path.stem.endswith(ROLES[role].ending)]
    named: dict[str, Path] = {}
    for path in own or found:
        name = _CITY.sub("", path.relative_to(folder).with_suffix("").as_posix())
        if name in named:
            raise UserError(f"{path}: shares its name with {named[name]}: which one is the partner is not clear")
        named[name] = path
    if not named:
        raise UserError(f"{folder}: no images in it (endings such as .png .tif .npy)")
    return named
