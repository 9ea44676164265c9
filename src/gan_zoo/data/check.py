"""The data doctor: what lies in a folder, what a training run would stumble over, and what would flatter its test
results."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gan_zoo.data import folders
from gan_zoo.data.check_labels import examine_labels
from gan_zoo.data.datasets import Kind, LabelMaps
from gan_zoo.data.folders import Layout, Source, Split
from gan_zoo.data.folders_labels import looks_like_label_maps
from gan_zoo.data.images import Header, read_header
from gan_zoo.data.maps import ReadMap
from gan_zoo.errors import UserError

_SHOWN = 5  # so many examples of each finding


@dataclass
class Report:
    """What was found: ``facts`` are as they should be or a matter of taste, ``problems`` are not."""

    root: Path
    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there are no problems."""
        return not self.problems

    @property
    def lines(self) -> list[str]:
        """All of it, line by line, a verdict last."""
        verdict = "no problems found" if self.ok else f"{len(self.problems)} kinds of problems found"
        return [str(self.root), *self.facts, *(f"problem: {problem}" for problem in self.problems), verdict]

    def found(self, what: str, examples: Sequence[str]) -> None:
        """Add a problem with its first examples, if there are any."""
        if examples:
            shown = "; ".join(examples[:_SHOWN]) + ("; …" if len(examples) > _SHOWN else "")
            self.problems.append(f"{len(examples)} {what}: {shown}")


@dataclass(frozen=True)
class _File:
    path: Path
    digest: str
    header: Header | None
    error: str = ""


def check(root: str | Path, kind: Kind | None = None, checksums: Path | None = None) -> Report:
    """Examine a folder: layout, partners, unreadable files, sizes, channels and bits, exact duplicates within and
    across splits.

    ``kind``: read it as this kind of data (None: whatever it looks like); ``checksums``: a list of sha256 per file.
    Raises ``UserError`` only if there is no such folder or no image in it. Every file is decoded: a minute for 20,000.
    """
    root = folders.existing(root)
    layout = kind.layout(root) if kind is not None else detect(root)
    report = Report(root)
    unique = {source.path: source for split in layout.splits.values() for source in split.sources()}
    with ThreadPoolExecutor(4) as pool:
        files = dict(zip(unique, pool.map(_examine, unique.values()), strict=True))
    counts = ", ".join(f"{name} {_count(layout, name)}" for name in layout.splits)
    report.facts.append(f"layout: {layout.words}: {counts}")
    _partners(layout, files, report)
    _readable(files.values(), report)
    pictures = {name: [files[path] for path in _paths(split)] for name, split in layout.splits.items()}
    _formats({file.path: file for found in pictures.values() for file in found}.values(), report)
    if _has_maps(layout):
        facts, wrong = examine_labels(layout, kind if isinstance(kind, LabelMaps) else None)
        report.facts += facts
        report.found("label maps with ids out of range", wrong)
    _duplicates(pictures, root, report)
    if checksums is not None:
        report.found("files are not the original ones (sha256)", wrong_checksums(root, checksums))
    return report


def detect(root: Path) -> Layout:
    """The layout that a folder looks like: label maps, two domains (pairs if every name has its partner), glued pairs,
    or single images.

    Images count as glued pairs if each one is at least 1.5 times as wide as high and of even width.
    """
    if looks_like_label_maps(root):
        return _label_maps(root)
    try:
        layout = folders.detect_unpaired(root)
    except UserError:
        return folders.detect_single(root)
    first = next(iter(layout.splits.values()))
    if first.a[0].strips == 1:
        return _two_folders(root, layout)
    headers = folders.read_headers(source.path for source in first.a[:50])
    known = [header for header in headers.values() if isinstance(header, Header)]
    if known and all(header.width >= 1.5 * header.height for header in known):
        return folders.detect_pairs(root)
    return folders.detect_single(root)


def wrong_checksums(root: Path, checksums: Path) -> list[str]:
    """Files of a sha256 list (``<hash>  <data set>/<path>`` per line) that are missing below ``root`` or differ."""
    listed = [line.split(None, 1) for line in checksums.read_text().splitlines() if line.strip()]
    expected = {path.strip().split("/", 1)[1]: digest for digest, path in listed}

    def differs(name: str) -> str | None:
        path = root / name
        if not path.is_file():
            return f"{name} is missing"
        return None if _digest(path) == expected[name] else f"{name} differs"

    with ThreadPoolExecutor(4) as pool:
        return [said for said in pool.map(differs, expected) if said]


def _two_folders(root: Path, unpaired: Layout) -> Layout:
    """Pairs where at least half of the names have partners (the others are then problems), else two collections."""
    try:
        pairs = folders.detect_pairs(root)
    except UserError:
        return unpaired
    matched = sum(len(split.a) for split in pairs.splits.values())
    return pairs if len(pairs.problems) <= matched else unpaired


def _label_maps(root: Path) -> Layout:
    """With instance maps, if there are any."""
    try:
        return LabelMaps(palette="index").layout(root)
    except UserError:
        return LabelMaps(instances=False, palette="index").layout(root)


def _has_maps(layout: Layout) -> bool:
    return any(isinstance(source.reader, ReadMap) for split in layout.splits.values() for source in split.a[:1])


def _examine(source: Source) -> _File:
    path, reader = source.path, source.reader
    if isinstance(reader, ReadMap):
        reader = ReadMap(palette=reader.palette)  # which ids it should hold is another matter
    try:
        digest = _digest(path)
    except OSError as error:
        return _File(path, "", None, f"{path}: cannot be read ({error.strerror})")
    try:
        header = read_header(path)
        reader(path)
    except UserError as error:
        return _File(path, digest, None, str(error))
    return _File(path, digest, header)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _paths(split: Split) -> list[Path]:
    """Files of pictures; maps of ids may well be equal, and differ in depth."""
    sources = [source for source in (*split.a, *split.b) if not isinstance(source.reader, ReadMap)]
    return list(dict.fromkeys(source.path for source in sources))


def _count(layout: Layout, name: str) -> str:
    split = layout.splits[name]
    if _has_maps(layout):
        return f"{len(split.a)}{'' if split.b else ' without photos'}"
    one_file = not split.b or split.b[0].path == split.a[0].path
    return f"{len(split.a)}" if one_file else f"{len(split.a)} + {len(split.b)}"


def _partners(layout: Layout, files: dict[Path, _File], report: Report) -> None:
    report.found("images without a partner", list(layout.problems))
    unlike = []
    for split in layout.splits.values():
        sides = (split.b, *(side for name, side in split.more.items() if name != "feature"))
        for a, b in (pair for side in sides for pair in zip(split.a, side, strict=False)):
            one, other = files[a.path].header, files[b.path].header
            belong = a.path.stem == b.path.stem or _has_maps(layout)
            if a.path == b.path and one and one.width % a.strips:
                unlike.append(f"{a.path} is {one.width} pixels wide")
            elif belong and one and other and _size(one) != _size(other):
                unlike.append(f"{a.path} is {_size(one)}, {b.path} is {_size(other)}")
    report.found("pairs whose halves differ in size", unlike)


def _readable(files: Iterable[_File], report: Report) -> None:
    report.found("unreadable files", [file.error for file in files if file.error])


def _size(header: Header) -> str:
    return f"{header.width}x{header.height}"


def _formats(files: Iterable[_File], report: Report) -> None:
    headers = [file.header for file in files if file.header]
    if not headers:
        return
    sizes = Counter(_size(header) for header in headers)
    shown = ", ".join(f"{size} ({count})" for size, count in sizes.most_common(_SHOWN))
    report.facts.append(f"sizes: {len(sizes)} different: {shown}{', …' if len(sizes) > _SHOWN else ''}")
    sides = [min(header.width, header.height) for header in headers]
    report.facts.append(f"shortest sides: {min(sides)} to {max(sides)} pixels")
    kinds = Counter(f"{header.channels} x {header.bits} bits" for header in headers)
    said = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common())
    report.facts.append(f"channels: {said}")
    if len({header.bits for header in headers}) > 1:
        report.problems.append(f"images of unlike bit depth: {said}")


def _duplicates(by_split: dict[str, list[_File]], root: Path, report: Report) -> None:
    """Equal files: within a split they weigh double, across splits the test has been seen in training."""
    places: defaultdict[str, list[tuple[str, Path]]] = defaultdict(list)
    for split, files in by_split.items():
        for file in files:
            if file.digest:
                places[file.digest].append((split, file.path))
    within: list[str] = []
    across: list[str] = []
    for found in places.values():
        if len(found) > 1:
            said = " = ".join(os.path.relpath(path, root) for _, path in found)
            (across if len({split for split, _ in found}) > 1 else within).append(said)
    report.found("images that occur in more than one split (the test is seen in training)", across)
    if within:
        shown = "; ".join(within[:_SHOWN]) + ("; …" if len(within) > _SHOWN else "")
        report.facts.append(f"exact duplicates within a split: {len(within)}: {shown}")
