"""Configs and checkpoints name kinds below ``gan_zoo.data.datasets``."""

import pytest
from hydra.utils import get_class

from gan_zoo.data import datasets
from gan_zoo.data.kinds.base import Kind


@pytest.mark.parametrize("name", ["Colorize", "LabelMaps", "Paired", "Repair", "Unpaired"])
def test_every_kind_has_its_lasting_path(name: str) -> None:
    kind = get_class(f"gan_zoo.data.datasets.{name}")
    assert issubclass(kind, Kind)
    assert isinstance(kind(), Kind)
    assert name in datasets.__all__
