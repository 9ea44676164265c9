"""The data sets known by name: what they are, where they come from, under which terms, and where they lie on this
machine.

Facts from the official download scripts and from counting the archives' files; sizes and counts say so where they are
from memory. No official script publishes checksums: the lists in ``checksums/`` (sha256 per file) were made from public
copies.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gan_zoo.data.datasets import Colorize, Kind, LabelMaps, Paired, Pictures, Repair, Unpaired
from gan_zoo.data.worlds import Faces, Layouts, Textures, World
from gan_zoo.errors import UserError, nearest

PACKAGE = Path(__file__).parent
EMBEDDED = PACKAGE / "embedded"
CHECKSUMS = PACKAGE / "checksums"


_KINDS: dict[type[Kind], str] = {
    **{Paired: "paired", Unpaired: "unpaired", LabelMaps: "labelmaps", Pictures: "images"},
    **{Colorize: "colorize", Repair: "repair"},
}


@dataclass(frozen=True)
class Entry:
    """One data set.

    ``url``: the archive's address ("" for embedded sets, and for those that nobody may hand on); ``size``: its bytes,
    about (0: not known); ``counts``: images (pairs) by folder; ``embedded``: its folder below the package's
    ``embedded``; ``by_hand``: how to get it where nothing can be downloaded; ``world``: what draws it.
    """

    name: str
    summary: str
    dataset: Kind
    counts: Mapping[str, int]
    licence: str
    url: str = ""
    size: int = 0
    embedded: str | None = None
    remarks: tuple[str, ...] = field(default=())
    by_hand: str = ""
    world: World | None = None

    @property
    def kind(self) -> str:
        """What a batch holds: pairs, unpaired images, label maps, images alone, or photographs to alter."""
        return _KINDS[type(self.dataset)]

    @property
    def checksums(self) -> Path | None:
        """The list of sha256 per file, where there is one."""
        path = CHECKSUMS / f"{self.name}.sha256"
        return path if path.exists() else None

    def line(self) -> str:
        """One line for ``gan-zoo data list``."""
        counts = ", ".join(f"{folder} {count}" for folder, count in self.counts.items())
        size = (
            "drawn at any size, no files"
            if self.world is not None
            else "in the package"
            if self.embedded is not None
            else "not to be downloaded here"
            if self.by_hand
            else f"{self.size / 1e6:.0f} MB"
            if self.size
            else "size not known"
        )
        return f"{self.name}: {self.summary}; {self.kind}; {counts}; {size}; licence: {self.licence}"


def _worlds() -> Iterator[Entry]:
    """The sets that are drawn, each with its truth."""
    streets, unpaired = "streets as label maps (A) and pictures (B)", "unpaired in training"
    for name, world, kind, summary in (
        ("world_layouts", Layouts(), Paired(), f"{streets}, one style"),
        ("world_layouts_styles", Layouts(styles=4), Paired(), f"{streets} in one of four styles"),
        (
            "world_layouts_labels",
            Layouts(),
            LabelMaps(14),
            "streets as maps of ids and of objects, with pictures",
        ),
        ("world_textures", Textures(), Unpaired(), f"plain creatures (A) and patterned ones (B), {unpaired}"),
        ("world_faces", Faces(), Unpaired(), f"portraits (A) and comic faces (B), {unpaired}"),
        ("world_faces_images", Faces(), Pictures(), "comic faces"),
    ):
        counts = world.counts
        if not kind.paired:
            counts = {"trainA": world.train, "trainB": world.train, "val": world.val, "test": world.test}
        yield Entry(name, summary, kind, counts, "this package's own", world=world)


_CC0 = "CC0 1.0 (alexeygrigorev/clothing-dataset-small)"
_BERKELEY = "http://efrosgans.eecs.berkeley.edu"
_ENTRIES = (
    Entry(
        "colorize_cc0",
        "photographs to colourise, 128 px",
        Colorize(),
        {"train": 270, "test": 60},
        _CC0,
        embedded="colorize_cc0",
    ),
    Entry(
        "repair_cc0",
        "photographs with scratches to repair, 128 px",
        Repair(),
        {"train": 270, "test": 60},
        _CC0,
        embedded="colorize_cc0",
    ),
    Entry(
        "edges2shoes_cc0",
        "Canny edges (A) and shoe photographs (B), 128 px",
        Paired(),
        {"train": 90, "test": 20},
        _CC0,
        embedded="edges2shoes_cc0",
    ),
    Entry(
        "tshirt2longsleeve_cc0",
        "photographs of T-shirts (A) and long sleeves (B), short side 128 px",
        Unpaired(),
        {"trainA": 90, "trainB": 90, "testA": 20, "testB": 20},
        _CC0,
        embedded="tshirt2longsleeve_cc0",
    ),
    *_worlds(),
    Entry(
        "facades",
        "photograph (A) and labels (B) of building fronts, 256 px; labels to photo is direction ba",
        Paired(),
        {"train": 400, "val": 100, "test": 106},
        "CMP Facade Database (R. Tylecek, CTU Prague), redistributed as CC BY-SA 4.0",
        f"{_BERKELEY}/pix2pix/datasets/facades.tar.gz",
        29_000_000,
    ),
    Entry(
        "maps",
        "aerial photograph (A) and street map (B), 600 px; map to photo is direction ba",
        Paired(),
        {"train": 1096, "val": 1098},
        "none stated; the images come from Google Maps, whose terms restrict redistribution",
        f"{_BERKELEY}/pix2pix/datasets/maps.tar.gz",
        250_000_000,
        remarks=("train and val are separated by latitude: do not split anew",),
    ),
    Entry(
        "horse2zebra",
        "horses (A) and zebras (B), 256 px",
        Unpaired(),
        {"trainA": 1067, "trainB": 1334, "testA": 120, "testB": 140},
        "ImageNet terms: non-commercial research",
        f"{_BERKELEY}/cyclegan/datasets/horse2zebra.zip",
        117_000_000,
        remarks=("holds exact duplicates: 8 within trainA, 16 within trainB, 1 shared by trainA and testA",),
    ),
    Entry(
        "cat2dog",
        "cat faces (A) and dog faces (B), 178x218 px (DRIT)",
        Unpaired(),
        {"trainA": 771, "trainB": 1264, "testA": 100, "testB": 100},
        "none stated; crawled from Google Images",
        "http://vllab.ucmerced.edu/hylee/DRIT/datasets/cat2dog.zip",
        15_000_000,
        remarks=("the CycleGAN authors say that cats to dogs fails: no sanity check",),
    ),
    Entry(
        "selfie2anime",
        "selfies (A) and anime faces (B), 256 px (U-GAT-IT)",
        Unpaired(),
        {"trainA": 3400, "trainB": 3400, "testA": 100, "testB": 100},
        "none stated; the anime faces are under third-party copyright",
        "https://drive.google.com/uc?export=download&id=1xOWj1UVgp6NKMT3HbPhBbtq2A4EDkghF",
        400_000_000,
    ),
    Entry(
        "cityscapes",
        "label maps, instance maps and photographs of streets, 2048x1024 px, 35 label ids",
        LabelMaps(labels=35),
        {"train": 2975, "val": 500},
        "research, registration; neither the data nor modified versions may be handed on",
        by_hand="register at https://www.cityscapes-dataset.com, unpack gtFine_trainvaltest.zip and "
        "leftImg8bit_trainvaltest.zip into one folder",
        remarks=("its test split has dummy label maps: val is what is tested on",),
    ),
    Entry(
        "ffhq",
        "faces, aligned, 1024 px (StyleGAN)",
        Pictures(),
        {"all": 70_000},
        "CC BY-NC-SA 4.0 (NVIDIA); single photographs have licences of their own",
        by_hand="run download_ffhq.py of https://github.com/NVlabs/ffhq-dataset for images1024x1024",
        remarks=("all pictures train, as in the paper",),
    ),
    Entry(
        "celebahq",
        "faces of celebrities, 1024 px (ProGAN)",
        Pictures(),
        {"all": 30_000},
        "CelebA's: non-commercial research",
        by_hand="make it of CelebA and its deltas as https://github.com/tkarras/progressive_growing_of_gans says",
    ),
    Entry(
        "lsun",
        "one class of LSUN, such as bedroom or cat, at least 256 px at the short side",
        Pictures(),
        {"bedroom": 3_033_042},
        "none stated",
        by_hand="get a class by download.py of https://github.com/fyu/lsun, and its pictures by data.py export",
    ),
)
_BY_NAME = {entry.name: entry for entry in _ENTRIES}


def entries() -> list[Entry]:
    """All data sets known by name: the embedded ones first."""
    return list(_ENTRIES)


def entry(name: str) -> Entry:
    """The data set of that name. Raises ``UserError`` with the nearest names."""
    if name not in _BY_NAME:
        raise UserError(f"no data set is called {name!r}{nearest(name, _BY_NAME)}")
    return _BY_NAME[name]


def known(name: str) -> Entry | None:
    """The data set of that name, if there is one."""
    return _BY_NAME.get(name)


def home() -> Path:
    """Where downloaded data sets lie: $GAN_ZOO_DATA, else ``datasets`` in the working folder."""
    return Path(os.environ.get("GAN_ZOO_DATA") or "datasets").expanduser()


def locate(name: str, root: str | Path | None = None) -> Path:
    """The folder of a data set: ``root`` if it is given, the package's own for embedded sets, else ``home()/name``.

    Raises ``UserError`` saying how to get it where it is missing, or that it is drawn.
    """
    found = known(name)
    if root is not None:
        return Path(root).expanduser()
    if found and found.world is not None:
        raise UserError(f"{name} is drawn as it is asked for: it has no folder and needs no download; use data={name}")
    if found and found.embedded is not None:
        return EMBEDDED / found.embedded
    folder = home() / name
    if folder.is_dir():
        return folder
    get = "" if found is None else f"{found.by_hand}, and " if found.by_hand else f"`gan-zoo data download {name}`, or "
    raise UserError(
        f"the data set {name} is not at {folder}: {get}data.root=FOLDER{'' if found else ' that holds the images'}"
    )
