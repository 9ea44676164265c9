"""Looks of instances: rows, centres, draws, files."""

from pathlib import Path

import numpy as np
import pytest

from gan_zoo.data import clusters
from gan_zoo.errors import UserError

# 8 x 16 pixels: area figures are pixels / 4
INSTANCE = np.repeat(np.array([[7, 7, 24001, 24001, 24001, 3, 3, 24002]]), 2, axis=1).repeat(8, axis=0)
FEATURES = np.stack([INSTANCE * 0.5, INSTANCE - 1.0])


def test_a_row_an_instance_under_its_class_ids_ascending() -> None:
    rows = clusters.instance_features(FEATURES, INSTANCE)
    assert list(rows) == [3, 7, 24]
    np.testing.assert_array_equal(rows[24], [[12000.5, 24000.0, 12.0], [12001.0, 24001.0, 4.0]])
    np.testing.assert_array_equal(rows[3], [[1.5, 2.0, 8.0]])


def test_a_label_map_says_the_class_where_ids_are_mere_numbers() -> None:
    rows = clusters.instance_features(FEATURES, INSTANCE, np.where(INSTANCE == 7, 1, 0))
    assert {label: len(found) for label, found in rows.items()} == {0: 3, 1: 1}


def test_the_middle_pixel_speaks_for_an_instance() -> None:
    features = np.arange(6.0).reshape(1, 2, 3)
    rows = clusters.instance_features(np.tile(features, (1, 4, 4)), np.zeros((8, 12), int))
    assert rows[0][0, 0] == np.tile(features, (1, 4, 4)).reshape(-1)[48]


def test_rows_of_pictures_are_gathered_in_their_order() -> None:
    first, second = {2: np.zeros((1, 3))}, {1: np.ones((1, 3)), 2: np.full((2, 3), 2.0)}
    found = clusters.gather([first, second])
    assert list(found) == [1, 2]
    assert found[2][:, 0].tolist() == [0, 2, 2]


def test_large_instances_are_clustered_small_ones_left_out() -> None:
    rows = {
        0: np.array([[0.0, 0.0, 1.0], [0.1, 0.0, 1.0], [9.0, 9.0, 1.0], [5.0, 5.0, 0.5]]),
        1: np.array([[1.0, 1.0, 0.2]]),
        2: np.array([[3.0, 4.0, 0.6]]),
    }
    centres = clusters.cluster(rows, n_clusters=2)
    assert list(centres) == [0, 2]
    np.testing.assert_allclose(centres[0][centres[0][:, 0].argsort()], [[0.05, 0.0], [9.0, 9.0]])
    np.testing.assert_allclose(centres[2], [[3.0, 4.0]])
    assert len(clusters.cluster(rows, n_clusters=10)[0]) == 3


def test_every_instance_wears_one_centre_of_its_class() -> None:
    centres = {24: np.array([[1.0, 2.0], [3.0, 4.0]]), 7: np.array([[5.0, 6.0]])}
    looks = clusters.sample(centres, None, INSTANCE, np.random.default_rng(0))
    assert looks.shape == (2, 8, 16)
    assert (looks[:, INSTANCE == 7] == [[5.0], [6.0]]).all()
    assert not looks[:, INSTANCE == 3].any()  # no clusters: zeros
    for i in (24001, 24002):
        worn = np.unique(looks[:, i == INSTANCE], axis=1)
        assert worn.shape == (2, 1)
        assert worn[:, 0].tolist() in centres[24].tolist()
    again = clusters.sample(centres, None, INSTANCE, np.random.default_rng(0))
    np.testing.assert_array_equal(looks, again)
    batch = clusters.sample(centres, None, np.stack([INSTANCE, INSTANCE]), np.random.default_rng(0))
    np.testing.assert_array_equal(batch, np.stack([looks, looks]))


def test_files_are_plain_arrays(tmp_path: Path) -> None:
    path, centres = tmp_path / "clusters.npz", {24: np.ones((2, 3)), 0: np.zeros((1, 3))}
    clusters.save(centres, path)
    assert [found.name for found in tmp_path.iterdir()] == ["clusters.npz"]
    loaded = clusters.load(path)
    assert set(loaded) == {0, 24}
    np.testing.assert_array_equal(loaded[24], centres[24])


def test_other_files_end_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no clusters at"):
        clusters.load(tmp_path / "none.npz")
    np.save(tmp_path / "pickled.npy", {1: np.ones(3)}, allow_pickle=True)  # type: ignore[arg-type]  # as the reference
    np.savez(tmp_path / "foreign.npz", weights=np.ones(3))
    (tmp_path / "text.npz").write_text("text")
    for name in ("pickled.npy", "foreign.npz", "text.npz"):
        with pytest.raises(UserError, match="holds no clusters of ours") as caught:
            clusters.load(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="cannot write the clusters"):
        clusters.save({}, tmp_path / "no" / "folder.npz")
