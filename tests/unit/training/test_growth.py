"""When networks grow (whole tables of the official schedules are golden cases)."""

from types import SimpleNamespace

import pytest

from gan_zoo.errors import UserError
from gan_zoo.training.growth import Growth, Still, renews

SMALL = Growth(
    resolution=16, start=4, train_kimg=1, fade_kimg=2, batch=4, batches={8: 8}, rate=0.001, rates={16: 0.002}
)


def test_phases_and_fades() -> None:
    assert [SMALL.lod(images) for images in (0, 1000, 2000, 3000, 4000, 5000, 6000, 10**6)] == [
        *(2.0, 2.0, 1.5, 1.0, 1.0, 0.5, 0.0, 0.0)
    ]


def test_size_batch_and_rate_change_where_a_fade_begins() -> None:
    assert SMALL.at(1000)[1:] == (4, 4, 0.001)
    assert SMALL.at(1001)[1:] == (8, 8, 0.001)
    assert SMALL.at(4001)[1:] == (16, 4, 0.002)
    assert SMALL(4001) == 2.0


def test_each_size_with_its_batch() -> None:
    assert [(stage.resolution, stage.batch, stage.lod) for stage in SMALL.stages()] == [
        *((4, 4, 2.0), (8, 8, 1.0), (16, 4, 0.0))
    ]
    assert [stage.batch for stage in SMALL.stages(devices=3)] == [3, 6, 3]


def test_devices_share_the_batch_and_limit_it() -> None:
    limited = Growth(resolution=8, start=4, batch=7, most_per_device={4: 2})
    assert limited.at(0, devices=2).batch == 4
    assert limited.at(0, devices=4).batch == 4
    assert limited.at(10**9, devices=2).batch == 6


def test_the_clock_is_looked_at_every_few_iterations() -> None:
    def clock(step: int) -> int:
        return SMALL.clock(SimpleNamespace(images_seen=100 + 8 * step, global_step=step, images_of_iteration=8))

    assert [clock(step) for step in range(9)] == [100, 100, 100, 100, 132, 132, 132, 132, 164]


def test_optimisers_begin_anew_where_a_fade_starts_or_ends() -> None:
    assert renews(2.0, 1.9)
    assert not renews(1.9, 1.1)
    assert renews(1.1, 1.0)
    assert not renews(1.0, 1.0)


def test_a_start_above_the_full_size_is_refused() -> None:
    with pytest.raises(UserError, match="networks of 8 px cannot start at 16 px"):
        Growth(resolution=8, start=16)


def test_still() -> None:
    assert (Still(1.5).lod(10**9), Still(1.5)(3)) == (1.5, 1.0)


def test_optimisers_begin_anew_once_also_in_a_resumed_run() -> None:
    growth = Growth(resolution=16)
    assert [growth.begins(lod) for lod in (2.0, 2.0, 1.9, 1.5, 1.0, 1.0, 0.3)] == [
        *(True, False, True, False, True, False, True)
    ]
    resumed = Growth(resolution=16)
    resumed.load_state_dict(growth.state_dict())
    assert not resumed.begins(0.2)
    assert resumed.begins(0.0)
