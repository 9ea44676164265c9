"""pix2pixHD's preprocessing: label, instance and RGB inputs in every mode, held byte for byte."""

from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gan_zoo.data.kinds.labelmaps import NEAREST, whole_numbers
from gan_zoo.data.maps import as_image
from gan_zoo.data.transforms import Placement
from gan_zoo.data.transforms_labels import MODES, Stepped
from tests.parity.golden import Case

DEFAULTS = {"loadSize": 1024, "fineSize": 512, "n_downsample_global": 4, "n_local_enhancers": 1, "netG": "global"}


def preprocess(case: Case) -> None:
    """Each of the case's settings, through the modes that the data kinds use."""
    photo = case.fed("photo").numpy()
    for setting in case.config["settings"]:
        number, mode, place = setting["index"], mode_of(setting), Placement(*setting["crop_pos"], setting["flip"])
        exact(case, f"image_{number}", mode(photo, place))
        assert list(case.arrays[f"image_{number}"].shape[1:]) == setting["output_size_hw"]
        if case.config["label_nc"]:
            for name, array in (("label", case.fed("label")), ("inst", case.fed("inst"))):
                exact(case, f"{name}_{number}", whole_numbers(mode.apply(as_image(array.numpy()), place, NEAREST)))
            assert mode.apply(Image.fromarray(photo), place).size == tuple(setting["output_size_hw"][::-1])
        else:
            exact(case, f"label_{number}", mode(case.fed("photo_a").numpy(), place))


def mode_of(setting: Mapping[str, Any]) -> Stepped:
    """The mode of the reference's options; sides are multiples of the generator's stride where they are made so."""
    options = {**DEFAULTS, **setting}
    enhancers = {"global": 0, "local": options["n_local_enhancers"]}[options["netG"]]
    stride = 2 ** (options["n_downsample_global"] + enhancers)
    return MODES[options["resize_or_crop"]](options["loadSize"], options["fineSize"], stride)


def exact(case: Case, name: str, tensor: Tensor) -> None:
    """Every id, every byte.

    Pictures were stored as float32 of (v / 255 - 0.5) / 0.5 in float64, torchvision's own float32 is half a unit in the
    last place away from that for half of the bytes: so the bytes v are held exactly, and the values to float32.
    """
    stored = torch.from_numpy(case.arrays[name])
    if tensor.is_floating_point():
        assert torch.equal(((stored.double() + 1) * 127.5).round(), ((tensor.double() + 1) * 127.5).round()), name
    else:
        assert torch.equal(tensor, stored.to(tensor.dtype)), f"{name}: {int((tensor != stored).sum())} ids differ"
    case.compare(name, tensor, rtol=0, atol=0)
