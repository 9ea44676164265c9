"""What the data doctor says about label maps: which ids there are, how many pixels of each, and what to set."""

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from gan_zoo.data.class_names import class_names
from gan_zoo.data.folders import Layout, Source
from gan_zoo.data.kinds.labelmaps import LabelMaps
from gan_zoo.data.maps import ReadMap
from gan_zoo.errors import UserError

_SHOWN = 40  # classes listed one by one


def examine_labels(layout: Layout, kind: LabelMaps | None) -> tuple[list[str], list[str]]:
    """(facts, wrong ids) of all label and instance maps; ``kind``: what they should be (None: that is not known).

    Files that cannot be read are left to others.
    """
    reader = ReadMap(palette="index" if kind is None else kind.palette)
    sources = [source for split in layout.splits.values() for source in split.a]
    counted = _counted(sources, reader)
    pixels: Counter[int] = sum(counted.values(), Counter())
    if not pixels:
        return [], []
    names = {number: name for name, number in class_names(layout.root).items()}
    facts = [_range(pixels), _shares(pixels, names), *_instances(layout, reader)]
    if kind is None:
        return facts, []
    wrong = []
    for path in counted:
        try:
            ReadMap(kind.labels, kind.void, kind.palette)(path)
        except UserError as error:
            wrong.append(str(error))
    return facts, wrong


def _counted(sources: Iterable[Source], reader: ReadMap) -> dict[Path, Counter[int]]:
    """Pixels by id of each file that can be read."""

    def one(source: Source) -> tuple[Path, Counter[int] | None]:
        try:
            ids, counts = np.unique(np.asarray(reader(source.path)), return_counts=True)
        except UserError:
            return source.path, None
        return source.path, Counter(dict(zip(ids.tolist(), counts.tolist(), strict=True)))

    with ThreadPoolExecutor(4) as pool:
        return {path: counts for path, counts in pool.map(one, sources) if counts is not None}


def _range(pixels: Mapping[int, int]) -> str:
    """The ids in one line, with the options that take them in; one far above the others may mean no label."""
    ids = sorted(pixels)
    said = f"label ids: {len(ids)} different, {ids[0]} to {ids[-1]}"
    if len(ids) > 1 and ids[-1] in (255, 65535) and ids[-2] < ids[-1] - 1:
        apart = f"{said}, where {ids[-1]} stands apart (the next is {ids[-2]})"
        return f"{apart}: data.void={ids[-1]} data.labels={ids[-2] + 2} if it means no label"
    return f"{said}: data.labels={ids[-1] + 1}"


def _shares(pixels: Mapping[int, int], names: Mapping[int, str]) -> str:
    total = sum(pixels.values())
    listed = [
        f"{number}{f' {names[number]}' if number in names else ''} {100 * pixels[number] / total:.3g} %"
        for number in sorted(pixels)[:_SHOWN]
    ]
    return f"pixels by class: {', '.join(listed)}{', …' if len(pixels) > _SHOWN else ''}"


def _instances(layout: Layout, reader: ReadMap) -> list[str]:
    """How many ids instance maps have, and how many of them are objects as Cityscapes numbers them."""
    sources = [source for split in layout.splits.values() for source in split.more.get("instance", ())]
    counted = _counted(sources, reader).values()
    if not counted:
        return []
    most, numbered = max(map(len, counted)), sum(number >= 1000 for counts in counted for number in counts)
    return [f"instance maps: up to {most} ids in one; {numbered} objects with ids of 1000 and more (class * 1000 + n)"]
