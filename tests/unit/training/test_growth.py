"""When networks grow (whole tables of the official schedules are golden cases)."""

from types import SimpleNamespace

import pytest

from gan_zoo.errors import UserError
from gan_zoo.training.growth import Growth, Still

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


def test_tables_by_number_of_devices() -> None:
    """A number in between takes the next smaller one's table, one below all of them the smallest one's."""
    tables, rates = {"2": {"4": 8, "8": 6}, "4": {"4": 16}}, {"1": {"4": 0.001}, "4": {"4": 0.004}}
    schedule = Growth(8, batch=4, batches={"8": None}, batches_by_devices=tables, rates_by_devices=rates)
    first = {devices: schedule.stages(devices)[0] for devices in (1, 2, 3, 4, 8)}
    assert {devices: stage.batch for devices, stage in first.items()} == {1: 8, 2: 8, 3: 6, 4: 16, 8: 16}
    assert [stage.rate for stage in first.values()] == [0.001, 0.001, 0.001, 0.004, 0.004]
    assert [stage.batch for stage in schedule.stages(2)] == [8, 6]
    assert [stage.batch for stage in schedule.stages(4)] == [16, 4]
    typed = Growth(8, batches={4: 12}, batches_by_devices=tables)
    assert [typed.stages(devices)[0].batch for devices in (2, 4)] == [12, 12]


def test_a_runs_rate_is_that_of_its_devices() -> None:
    schedule = Growth(8, rate=0.002, rates_by_devices={1: {4: 0.002}, 2: {4: 0.003}})
    trainer = SimpleNamespace(world_size=2)
    run = SimpleNamespace(images_seen=0, global_step=0, images_of_iteration=0, _trainer=trainer, trainer=trainer)
    assert (schedule.rate_of(run), schedule(0)) == (pytest.approx(1.5), 1.0)


def test_devices_share_the_batch_and_limit_it() -> None:
    limited = Growth(resolution=8, start=4, batch=7, most_per_device={4: 2})
    assert limited.at(0, devices=2).batch == 4
    assert limited.at(0, devices=4).batch == 4
    assert limited.at(10**9, devices=2).batch == 6


def test_the_clock_is_looked_at_every_few_iterations() -> None:
    def clock(step: int) -> int:
        return SMALL.clock(SimpleNamespace(images_seen=100 + 8 * step, global_step=step, images_of_iteration=8))

    assert [clock(step) for step in range(9)] == [100, 100, 100, 100, 132, 132, 132, 132, 164]


def test_a_start_above_the_full_size_is_refused() -> None:
    with pytest.raises(UserError, match="networks of 8 px cannot start at 16 px"):
        Growth(resolution=8, start=16)


def test_still() -> None:
    assert (Still(1.5).lod(10**9), Still(1.5)(3)) == (1.5, 1.0)
