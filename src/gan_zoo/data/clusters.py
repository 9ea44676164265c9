"""Looks of instances: their features by class, the typical ones of each class, and instances dressed in those.

Arrays are NumPy's. Reference: NVIDIA/pix2pixHD @ 14b3b3c7, ``encode_features.py`` and ``sample_features``; Wang et al.
2018, sec. 3.4. Mended of it: classes without clusters get zeros, not whatever lay in memory; files hold no pickles.
"""

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gan_zoo.errors import UserError

Rows = dict[int, np.ndarray]  # by label: one row an instance


class Draws(Protocol):
    """What of a ``numpy.random.Generator`` is needed."""

    def integers(self, high: int) -> Any:
        """Uniform in [0, high)."""


def instance_features(feature_map: np.ndarray, instance: np.ndarray, label: np.ndarray | None = None) -> Rows:
    """What one picture tells: by label, rows (C + 1) of each instance's features and its area figure, ids ascending.

    Args:
        feature_map: (C, H, W), averaged over instances already; an instance's row is that of its middle pixel.
        instance: ids (H, W).
        label: ids of classes (H, W); None: Cityscapes' rule (an id below 1000 is its class, else id // 1000 is).

    The area figure is pixels / (H W // 32): above 1/2 from a 64th of the picture on.
    """
    ids, middles, counts = _instances(instance)
    labels = _labels(ids, None if label is None else label.reshape(-1)[middles])
    features = feature_map.reshape(len(feature_map), -1)[:, middles].T
    areas = counts / (instance.size // 32)
    rows = np.concatenate([features, areas[:, None]], axis=1)
    return {int(kind): rows[labels == kind] for kind in np.unique(labels)}


def gather(pictures: Iterable[Rows]) -> Rows:
    """The rows of several pictures, in their order."""
    found: dict[int, list[np.ndarray]] = {}
    for rows in pictures:
        for label, part in rows.items():
            found.setdefault(label, []).append(part)
    return {label: np.concatenate(parts) for label, parts in sorted(found.items())}


def cluster(rows: Mapping[int, np.ndarray], n_clusters: int = 10) -> Rows:
    """By label, the centres (k, C) of at most ``n_clusters`` clusters of the instances whose area figure is above 1/2.

    k-means of scikit-learn with its random state 0; a label without such instances is left out.

    Raises:
        UserError: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise UserError("clusters need scikit-learn: pip install 'gan_zoo[metrics]'") from error
    centres = {}
    for label, found in sorted(rows.items()):
        kept = found[found[:, -1] > 0.5, :-1]
        if len(kept):
            means = KMeans(n_clusters=min(len(kept), n_clusters), random_state=0).fit(kept)
            centres[label] = means.cluster_centers_
    return centres


def sample(centres: Mapping[int, np.ndarray], label: np.ndarray | None, instance: np.ndarray, rng: Draws) -> np.ndarray:
    """Every instance dressed in one centre of its class, drawn uniformly: (…, H, W) -> (…, C, H, W).

    Ids are drawn for in ascending order over all pictures, an id of several pictures once; classes without clusters
    get zeros, and no draw. ``label`` and ``instance`` as in ``instance_features``.
    """
    ids, middles, _ = _instances(instance)
    labels = _labels(ids, None if label is None else label.reshape(-1)[middles])
    width = next((rows.shape[1] for rows in centres.values()), 0)
    looks = np.zeros((len(ids), width))
    for place, kind in enumerate(labels.tolist()):
        if kind in centres:
            looks[place] = centres[kind][int(rng.integers(len(centres[kind])))]
    return np.moveaxis(looks[np.searchsorted(ids, instance)], -1, -3)


def save(centres: Mapping[int, np.ndarray], path: Path) -> None:
    """A plain ``.npz``: an array ``label_<id>`` a label, written beside ``path`` and then renamed."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **{f"label_{label}": rows for label, rows in centres.items()})  # type: ignore[arg-type]
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"cannot write the clusters {path}: {error.strerror or error}") from error


def load(path: Path) -> Rows:
    """What ``save`` wrote.

    Raises:
        UserError: no such file, or another one; pickled dictionaries, as the reference writes them, are not opened.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {int(name.removeprefix("label_")): arrays[name] for name in arrays.files}
    except FileNotFoundError as error:
        raise UserError(
            f"there are no clusters at {path}: `gan-zoo` makes them of a checkpoint and its data"
        ) from error
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} holds no clusters of ours: make them anew from the checkpoint and its data") from error


def _instances(instance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids in ascending order; of each the place of its middle pixel in raster order, and its number of pixels."""
    flat = instance.reshape(-1)
    order = np.argsort(flat, kind="stable")
    ids, starts, counts = np.unique(flat[order], return_index=True, return_counts=True)
    return ids, order[starts + counts // 2], counts


def _labels(ids: np.ndarray, told: np.ndarray | None) -> np.ndarray:
    return np.where(ids < 1000, ids, ids // 1000) if told is None else told.astype(np.int64)
