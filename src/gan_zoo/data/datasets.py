"""The kinds of data under the names that configs and checkpoints use: ``gan_zoo.data.datasets.Paired`` and so on.

A *kind* is what a config's ``dataset`` names: it detects the layout of a folder, says which problems the pictures
have, builds the data set of a split, and knows how its tensors become pictures (``view``).
"""

from gan_zoo.data.kinds.base import Kind, Problems
from gan_zoo.data.kinds.colorize import Colorize
from gan_zoo.data.kinds.labelmaps import LabelMaps
from gan_zoo.data.kinds.paired import Paired
from gan_zoo.data.kinds.pictures import Pictures
from gan_zoo.data.kinds.repair import Repair
from gan_zoo.data.kinds.unpaired import Unpaired
from gan_zoo.data.samples import Album, Images, Shot

__all__ = [
    "Album",
    "Colorize",
    "Images",
    "Kind",
    "LabelMaps",
    "Paired",
    "Pictures",
    "Problems",
    "Repair",
    "Shot",
    "Unpaired",
]
