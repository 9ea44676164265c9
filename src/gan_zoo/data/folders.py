"""What lies in a folder: layouts of paired, unpaired and single images, detected and said in one line.

A *split* is ``train``, ``val`` or ``test``; a *source* is one picture: a file, or a vertical strip of one (half of a
glued pair). Names are matched without regard to case, folders are searched recursively, and order is lexicographic by
path (1, 10, 2), as in the references.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gan_zoo.data.images import Header, Picture, is_image, read, read_header
from gan_zoo.errors import UserError, nearest

SPLITS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
EXPECTED = "train/ val/ test/ of glued pairs, trainA/ trainB/ testA/ testB/, train/A train/B, or A/ B/"


class Source(NamedTuple):
    """One picture: strip number ``strip`` of ``strips`` equal vertical strips of a file (0 of 1: the whole of it).

    ``reader`` decodes the file; raises ``UserError`` naming it. ``header``: what its first bytes would say, where that
    is known without opening it (a picture that is drawn has no file, and ``path`` is its name).
    """

    path: Path
    strip: int = 0
    strips: int = 1
    reader: Callable[[Path], Picture] = read
    header: Header | None = None


COLLECTION = "collection.json"
HALVES: dict[str, tuple[int, int]] = {"whole": (0, 1), "left": (0, 2), "right": (1, 2)}


@dataclass(frozen=True)
class Split:
    """The pictures of one split: domain A and domain B (empty if there is one only). Pairs stand at equal places.

    ``more``: what else belongs to the pairs, by name, at the same places (instance maps of label maps and photos).
    """

    a: tuple[Source, ...]
    b: tuple[Source, ...] = ()
    more: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)

    def first(self, count: int | None) -> "Split":
        """The first ``count`` pictures of each domain (all of them for None)."""
        return self.each(lambda side: side[:count])

    def each(self, change: Callable[[tuple[Source, ...]], tuple[Source, ...]]) -> "Split":
        """The same change made to all sides."""
        return Split(change(self.a), change(self.b), {name: change(side) for name, side in self.more.items()})

    def swapped(self) -> "Split":
        """The domains exchanged."""
        return Split(self.b, self.a, self.more)

    def sources(self) -> Iterator[Source]:
        """All pictures, side by side."""
        for side in (self.a, self.b, *self.more.values()):
            yield from side

    def lacks(self, other: "Split") -> bool:
        """Whether the other split has a side that this one has not."""
        return bool(other.b) > bool(self.b) or not set(other.more) <= set(self.more)


@dataclass(frozen=True)
class Layout:
    """What was found below ``root``: in words, split by split, and a line for each picture that has no partner.

    ``drawn``: there are no files; ``root`` is a name.
    """

    root: Path
    words: str
    splits: Mapping[str, Split]
    problems: tuple[str, ...] = ()
    drawn: bool = False

    @property
    def found(self) -> str:
        """What was found and where, in words."""
        return self.words if self.drawn else f"{self.words} in {self.root}"

    def split(self, name: str) -> Split | None:
        """The split of that name (``val`` and ``test`` stand in for each other), None where there is none.

        Test data without what training has (label maps whose photos are not known) cannot validate.
        """
        stand_in = self.splits.get({"val": "test", "test": "val"}.get(name, name))
        train = self.splits.get("train")
        useless = stand_in is None or (name == "val" and train is not None and stand_in.lacks(train))
        return self.splits.get(name) or (None if useless else stand_in)


def existing(root: str | Path) -> Path:
    """The folder, if it is one. Raises ``UserError`` if it is missing, a file, or not readable."""
    root = Path(root).expanduser()
    if not root.exists():
        raise UserError(f"{root}: no such folder: say where the images are (data.root=FOLDER)")
    if not root.is_dir():
        raise UserError(f"{root}: a file, not a folder: data.root takes the folder that holds the images")
    if not os.access(root, os.R_OK | os.X_OK):
        raise UserError(f"{root}: the folder cannot be read: check its permissions")
    return root


def images_below(folder: Path) -> list[Path]:
    """All pictures below a folder, sorted by path; hidden files and folders are left out."""

    def fail(error: OSError) -> None:
        raise UserError(f"{error.filename}: the folder cannot be read: check its permissions")

    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in files if is_image(Path(name))]
    return sorted(found, key=str)


def subfolders(folder: Path) -> dict[str, Path]:
    """The folders inside, by lower-case name."""
    return {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[:1] != "."}


def split_folders(root: Path) -> dict[str, Path]:
    """``train/ val/ test/`` by split."""
    inside = subfolders(root)
    return {split: inside[name] for split, names in SPLITS.items() for name in names if name in inside}


def domain_folders(root: Path, letter: str) -> dict[str, Path]:
    """Domain ``letter`` by split: trainA, train_A, train/A, A/train, or A alone (all of it is ``train``)."""
    inside, letter = subfolders(root), letter.lower()
    found: dict[str, Path] = {}
    for split, names in SPLITS.items():
        for name in names:
            glued = [inside[key] for key in (f"{name}{letter}", f"{name}_{letter}") if key in inside]
            below = subfolders(inside[name]).get(letter) if name in inside else None
            under = subfolders(inside[letter]).get(name) if letter in inside else None
            if folder := next((folder for folder in (*glued, below, under) if folder is not None), None):
                found[split] = folder
    if not found and letter in inside:
        found["train"] = inside[letter]
    return found


def both_domains(root: Path, a: str, b: str) -> dict[str, tuple[Path, Path]]:
    """The folders of A and B by split; empty where there are none. Raises ``UserError`` where one stands alone."""
    folders_a, folders_b = domain_folders(root, a), domain_folders(root, b)
    if lone := set(folders_a) ^ set(folders_b):
        split = sorted(lone)[0]
        here, missing = (folders_a, b) if split in folders_a else (folders_b, a)
        raise UserError(f"{here[split]}: the folder of domain {missing} is missing beside it (split {split})")
    return {split: (folders_a[split], folders_b[split]) for split in SPLITS if split in folders_a}


def sources(folder: Path, half: str = "whole") -> tuple[Source, ...]:
    """All pictures below a folder, or the left or right half of each. Raises ``UserError`` if there are none."""
    found = images_below(folder)
    if not found:
        raise UserError(f"{folder}: no images in it (endings such as .jpg .png .tif .webp .npy)")
    return tuple(Source(path, *HALVES[half]) for path in found)


def detect_pairs(root: str | Path, a: str = "A", b: str = "B") -> Layout:
    """Pairs: two folders matched by file name without ending, else images glued side by side (A left, B right)."""
    root = existing(root)
    if folders := both_domains(root, a, b):
        matched = {split: match(*pair) for split, pair in folders.items()}
        splits = {split: pairs for split, (pairs, _) in matched.items()}
        problems = tuple(line for _, lines in matched.values() for line in lines)
        return Layout(root, "pairs from two folders, matched by file name", splits, problems)
    return Layout(root, "glued pairs (A left half, B right half)", _halves(root))


def detect_unpaired(root: str | Path, a: str = "A", b: str = "B") -> Layout:
    """Two collections: a folder for each domain, else glued pairs cut in halves."""
    root = existing(root)
    if folders := both_domains(root, a, b):
        splits = {split: Split(sources(left), sources(right)) for split, (left, right) in folders.items()}
        return Layout(root, "two unpaired collections", splits)
    return Layout(root, "glued pairs, cut in halves and shuffled apart", _halves(root))


def detect_single(root: str | Path, half: str = "whole") -> Layout:
    """One collection: train/ val/ test/ (subfolders such as A and B count as nested ones), trainA + trainB, or a flat
    folder.

    A file ``collection.json`` in the folder, [{"folder": "../other", "half": "right"}, ...], joins other folders to
    one.
    """
    if half not in HALVES:
        raise UserError(f"data.dataset.half={half} is not known{nearest(half, HALVES)}")
    root = existing(root)
    if (listed := root / COLLECTION).is_file():
        parts = _collection(listed)
        layouts = [detect_single(root / folder, side) for folder, side in parts]
        names = " and ".join(Path(folder).name for folder, _ in parts)
        return join(layouts, root, f"single images of {names}")
    splits: dict[str, Split] = {}
    folders = split_folders(root)
    pairs = both_domains(root, "A", "B") if not folders else {}
    for split, both in pairs.items():
        splits[split] = Split(sources(both[0], half) + sources(both[1], half))
    for split, folder in _splits_or_root(root).items() if not pairs else ():
        splits[split] = Split(sources(folder, half))
    return Layout(root, "single images" if half == "whole" else f"the {half} halves of images", splits)


def _collection(listed: Path) -> list[tuple[str, str]]:
    """(folder, half) of each part. Raises ``UserError`` if the file says something else."""
    try:
        return [(str(part["folder"]), str(part.get("half", "whole"))) for part in json.loads(listed.read_text())]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        expected = '[{"folder": "../other", "half": "right"}, ...]'
        raise UserError(f"{listed}: cannot be understood ({error!r}); expected {expected}") from error


def join(layouts: Sequence[Layout], root: Path, words: str) -> Layout:
    """Several collections of single images as one, split by split, in the order given."""
    splits: dict[str, Split] = {}
    for name in SPLITS:
        parts = [split for layout in layouts if (split := layout.splits.get(name))]
        if parts:
            splits[name] = Split(tuple(source for split in parts for source in split.a))
    return Layout(root, words, splits)


def match(folder_a: Path, folder_b: Path) -> tuple[Split, list[str]]:
    """Pairs of equal relative path without ending, and a line for each picture without a partner.

    Raises ``UserError`` if there is no pair at all.
    """
    named_a, named_b = _by_stem(folder_a), _by_stem(folder_b)
    common = sorted(set(named_a) & set(named_b))
    if not common:
        raise UserError(
            f"{folder_a} and {folder_b}: no two images share a name, so these are no pairs: "
            "rename them alike, or use data=unpaired"
        )
    lone = sorted(set(named_a) ^ set(named_b))
    where = {**dict.fromkeys(named_a, folder_b), **{name: folder_a for name in named_b if name not in named_a}}
    lines = [f"{named_a.get(name) or named_b[name]}: no image of that name in {where[name]}" for name in lone]
    return Split(
        tuple(Source(named_a[name]) for name in common), tuple(Source(named_b[name]) for name in common)
    ), lines


def read_headers(paths: Iterable[Path]) -> dict[Path, Header | UserError]:
    """The header of each file, or the error that says why it has none; eight files at a time."""

    def one(path: Path) -> Header | UserError:
        try:
            return read_header(path)
        except UserError as error:
            return error

    unique = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(unique, pool.map(one, unique), strict=True))


def _halves(root: Path) -> dict[str, Split]:
    found = _splits_or_root(root)
    inside = list(subfolders(root).values())
    if root in found.values() and len(inside) > 1 and not any(is_image(path) for path in root.iterdir()):
        first, second = inside[0].name, inside[1].name
        raise UserError(
            f"{root}: which of its folders ({', '.join(path.name for path in inside[:5])}) are A and B? call them so, "
            f"or say +data.dataset.a={first} +data.dataset.b={second}"
        )
    splits = found.items()
    return {split: Split(sources(folder, "left"), sources(folder, "right")) for split, folder in splits}


def _splits_or_root(root: Path) -> dict[str, Path]:
    """train/ val/ test/, else the folder itself as ``train``. Raises ``UserError`` if there is no picture at all."""
    if folders := split_folders(root):
        if "train" not in folders and not images_below(root):
            raise UserError(f"{root}: no images in it")
        return folders
    inside = list(subfolders(root).values())
    if len(inside) == 1 and not any(path.is_file() and is_image(path) for path in root.iterdir()):
        deeper = subfolders(inside[0])
        if any(key.startswith(names) for key in deeper for names in SPLITS.values()):
            raise UserError(f"{root}: the images lie one folder deeper: data.root={inside[0]}")
    if not images_below(root):
        raise UserError(f"{root}: no images in it; expected {EXPECTED}")
    return {"train": root}


def _by_stem(folder: Path) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for source in sources(folder):
        name = source.path.relative_to(folder).with_suffix("").as_posix()
        if name in named:
            raise UserError(f"{source.path}: shares its name with {named[name]}: which one is the partner is not clear")
        named[name] = source.path
    return named
