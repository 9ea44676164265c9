"""When optimisers begin anew."""

from gan_zoo.training.growth import Growth
from gan_zoo.training.phases import renews


def test_optimisers_begin_anew_where_a_fade_starts_or_ends() -> None:
    assert renews(2.0, 1.9)
    assert not renews(1.9, 1.1)
    assert renews(1.1, 1.0)
    assert not renews(1.0, 1.0)


def test_optimisers_begin_anew_once_also_in_a_resumed_run() -> None:
    growth = Growth(resolution=16)
    assert [growth.begins(lod) for lod in (2.0, 2.0, 1.9, 1.5, 1.0, 1.0, 0.3)] == [
        *(True, False, True, False, True, False, True)
    ]
    resumed = Growth(resolution=16)
    resumed.load_state_dict(growth.state_dict())
    assert not resumed.begins(0.2)
    assert resumed.begins(0.0)
