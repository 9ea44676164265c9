"""The pictures of a data set: found, checked, and kept in memory where they fit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gan_zoo.data.folders import Layout, Source, Split, read_headers
from gan_zoo.data.images import Header
from gan_zoo.data.kinds.base import Kind, Problems
from gan_zoo.data.maps import ReadMap
from gan_zoo.data.samples import Album
from gan_zoo.data.transforms import Mode
from gan_zoo.errors import UserError

MANY = 20_000  # more files than this are not opened one by one at the start
LOOK = 2**30  # pixels of label and instance maps that are looked at before training where they are not kept in memory


@dataclass
class Shelf:
    """Splits by name, each checked when it is first asked for.

    ``find``: looks at what there is; ``complain``: what is done with problems, which are then left out; ``mode``: what
    must fit the training pictures, and ``test_mode`` the others; ``swapped``: the sides change places;
    ``cache_bytes``: decoded pictures are kept if all of them fit in this.
    """

    kind: Kind
    find: Callable[[], Layout]
    complain: Callable[[list[str]], None]
    mode: Mode
    test_mode: Mode
    swapped: bool = False
    max_samples: int | None = None
    cache_bytes: int = 0
    album: Album = field(default_factory=Album)
    headers: dict[Path, Header | UserError] = field(default_factory=dict)
    splits: dict[str, Split | None] = field(default_factory=dict)
    _layout: Layout | None = None

    @property
    def layout(self) -> Layout:
        """What lies in the data set's folder. Raises ``UserError``."""
        if self._layout is None:
            layout = self.find()
            if layout.problems:
                self.complain(list(layout.problems))
            self._layout = layout
        return self._layout

    def split(self, name: str) -> Split | None:
        """The pictures of a split, checked, sides exchanged for direction ba; None where there is no such split."""
        if name not in self.splits:
            found = self.layout.split(name)
            same = next((split for other, split in self.splits.items() if self.layout.split(other) is found), None)
            self.splits[name] = same if found and same else self._checked(found, name) if found else None
        return self.splits[name]

    def found(self, name: str) -> Split:
        """The split of that name. Raises ``UserError`` if there is none."""
        found = self.split(name)
        if found is None:
            expected = f"expected folders such as {name}/ or {name}A/ {name}B/"
            raise UserError(f"{self.layout.root}: no {name} images in it; {expected}")
        return found

    def any_split(self) -> Split:
        """One that has been checked already, else the training pictures, else the test pictures."""
        checked = next((split for split in self.splits.values() if split), None)  # any will do: do not read another
        return checked or self.split("train") or self.split("test") or Split(())

    def bits(self, sources: tuple[Source, ...]) -> int:
        """16 if all these files have more than 8 bits, else 8."""
        headers = [header for source in sources if isinstance(header := self.headers.get(source.path), Header)]
        return 16 if headers and all(header.bits > 8 for header in headers) else 8

    def sizes(self) -> str:
        """The sizes of the files opened so far, in words."""
        sizes = {(header.width, header.height) for header in self.headers.values() if isinstance(header, Header)}
        first, last = (f"{w}x{h}" for w, h in (min(sizes), max(sizes)))
        what = "pictures" if self.layout.drawn else "files"
        return f"{what} of {first} px" if first == last else f"{what} of {first} to {last} px"

    def _checked(self, split: Split, name: str) -> Split:
        split = split.first(self.max_samples)
        split = split.swapped() if self.swapped else split
        files = list({source.path: source for source in split.sources()}.values())
        self.headers |= {source.path: source.header for source in files if source.header is not None}
        self.headers |= read_headers(source.path for source in files[:MANY] if source.header is None)
        mode = self.mode if name == "train" else self.test_mode
        split = self._without(split, self.kind.problems(split, self.headers, mode))
        if broken := self._keep(files):
            headers = {**self.headers, **broken}
            split = self._without(split, self.kind.problems(split, headers, mode))
        return split

    def _without(self, split: Split, problems: Problems) -> Split:
        if messages := problems.messages():
            self.complain(messages)
        left = problems.without(split, together=self.kind.paired)
        if not left.a or bool(left.b) != bool(split.b):
            raise UserError(f"{self.layout.root}: no usable image is left: {messages[0]}")
        return left

    def _keep(self, sources: list[Source]) -> dict[Path, UserError]:
        """Decode the files into memory if they fit, four at a time; returns those that cannot be used.

        If they do not fit, maps of ids are decoded all the same, so that a wrong id is known before training: all of
        them up to ``LOOK`` pixels, else some from everywhere. The others are checked when they are read.
        """
        known = [source for source in sources if isinstance(self.headers.get(source.path), Header)]
        taken = sum(_bytes(self.headers.get(path)) for path in self.album.kept)
        needed = sum(_bytes(self.headers[source.path]) for source in known)
        fits = len(sources) <= MANY and taken + needed <= self.cache_bytes
        broken: dict[Path, UserError] = {}

        def one(source: Source) -> None:
            try:
                picture = source.reader(source.path)
                if fits:
                    self.album.kept[source.path] = picture
            except UserError as error:
                broken[source.path] = error

        wanted = known if fits else self._to_look_at(known)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, (source for source in wanted if source.path not in self.album.kept)))
        return {source.path: broken[source.path] for source in wanted if source.path in broken}

    def _to_look_at(self, sources: list[Source]) -> list[Source]:
        maps = [source for source in sources if isinstance(source.reader, ReadMap)]
        headers = [header for source in maps if isinstance(header := self.headers[source.path], Header)]
        pixels = sum(header.width * header.height for header in headers)
        return maps[:: max(1, -(-pixels // LOOK))]


def _bytes(header: Header | UserError | None) -> int:
    """Memory that the decoded file takes."""
    if not isinstance(header, Header):
        return 0
    return header.width * header.height * header.channels * (1 if header.bits == 8 else 4)
