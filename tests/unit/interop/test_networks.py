"""Which network a label of weights means."""

import pytest
from torch import nn

from gan_zoo.errors import UserError
from gan_zoo.interop.networks import matched, named, rename
from gan_zoo.models.pix2pix import Pix2Pix
from tests.unit.callbacks.conftest import tiny_model

NETWORKS = {"G": nn.Conv2d(1, 1, 1), "D": nn.Conv2d(1, 1, 3)}


def model() -> Pix2Pix:
    return tiny_model()


def test_a_model_answers_to_the_names_that_its_weights_came_by() -> None:
    other, alone = model(), model()
    rename(alone, {"latest_net_G": "G", "gone": "E"})
    assert named(other, NETWORKS) == NETWORKS
    assert named(alone, NETWORKS) == {"latest_net_G": NETWORKS["G"]}


def test_weights_meet_their_networks() -> None:
    weights = {"D": {"bias": 0}, "G": {"bias": 1}}
    assert matched("pix2pix", NETWORKS, weights) == [(label, NETWORKS[label], weights[label]) for label in ("D", "G")]


def test_a_name_of_no_network() -> None:
    with pytest.raises(UserError, match=r"pix2pix has no network 'GG' \(did you mean G\?\)"):
        matched("pix2pix", NETWORKS, {"D": {}, "GG": {}})
