"""Models from files of ProGAN and StyleGAN: official pickles, ``.npz`` of TensorFlow's names, the PyTorch port's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError, nearest
from gan_zoo.interop import growing, rosinality
from gan_zoo.interop.pickled import NETWORKS, Stored, options, read_arrays, read_pickle
from gan_zoo.training.module import GANModule

# Options in the files that have one value here, and those that say nothing of a network.
_FIXED: dict[str, Any] = {
    **{"dtype": "float32", "nonlinearity": "lrelu", "use_wscale": True, "normalize_latents": True},
    **{"use_pixelnorm": True, "blur_filter": [1, 2, 1]},
    **{"mapping_nonlinearity": "lrelu", "tanh_at_end": None, "pixelnorm_epsilon": 1e-8},
}
_IDLE = frozenset(("func_name", "randomize_noise", "structure", "truncation_psi", "truncation_cutoff", "is_training"))
_SHARED = ("resolution", "num_channels", "label_size", "fmap_base", "fmap_max", "fmap_decay", "fused_scale")

PORT = (".model", ".pt", ".pth")  # endings of the port's files


def from_files(name: str, files: Sequence[tuple[str | None, Path]], chosen: Mapping[str, Any]) -> GANModule:
    """A ``progan`` or ``stylegan`` with the weights of files.

    Args:
        name: of the model.
        files: pickles, whole; ``.npz`` files, with the network that they hold (``G``, ``D``, ``Gs``), or None, where
            their names say; of StyleGAN also one ``.model``, ``.pt`` or ``.pth`` of the common PyTorch port.
        chosen: options by the reference's names, before those that the files say.

    Raises:
        UserError: see ``read_pickle``, ``read_arrays``, ``growing.from_reference``.
    """
    if any(path.suffix in PORT for _, path in files):
        return _port(name, files, chosen)
    stored: dict[str, Stored] = {}
    for label, path in files:
        if label is not None and label not in NETWORKS:
            raise UserError(f"the reference of {name} has no network {label!r}{nearest(label, NETWORKS)}")
        stored |= read_arrays(path, label) if path.suffix == ".npz" else read_pickle(path)
    if "Gs" in stored and "G" not in stored:  # to be trained on, it begins at the mean
        stored["G"] = stored["Gs"]
    said = {label: _said(network) for label, network in stored.items()}
    generator = said.get("G") or {key: value for key, value in said.get("D", {}).items() if key in _SHARED}
    judge = said.get("D") or {key: value for key, value in generator.items() if key in _SHARED}
    given: dict[str, Any] = {"G": generator | dict(chosen), "D": judge | dict(chosen), **chosen}
    given.setdefault("lod", max((float(network.variables.get("lod", 0)) for network in stored.values()), default=0.0))
    return growing.from_reference(name, given, {label: network.variables for label, network in stored.items()})


def _port(name: str, files: Sequence[tuple[str | None, Path]], chosen: Mapping[str, Any]) -> GANModule:
    (label, path), *others = files
    if name != "stylegan" or others or label is not None:
        raise UserError(f"{path}: of this layout one file is known, of stylegan, that says itself what it holds")
    weights = rosinality.read(path)
    judge = weights.get("discriminator", {})
    found = {
        "n_mlp": sum(key.startswith("style.") and key.endswith(".bias") for key in next(iter(weights.values()))),
        "from_rgb_activate": not judge or "from_rgb.0.0.conv.bias" in judge,
    }
    if "step" not in chosen:
        found["step"] = rosinality.step_of(path)
    return rosinality.from_reference(name, found | dict(chosen), weights)


def _said(network: Stored) -> dict[str, Any]:
    """A network's options, from the file's own words, else from its shapes.

    Raises:
        UserError: one has a value that no network here has.
    """
    for key, value in network.options.items():
        if key in _FIXED and value not in (_FIXED[key], tuple(_FIXED[key]) if isinstance(_FIXED[key], list) else None):
            raise UserError(f"the file's networks have {key}={value}; here it is always {_FIXED[key]}")
    words = {key: value for key, value in network.options.items() if key not in _FIXED and key not in _IDLE}
    return options(network.variables) | words
