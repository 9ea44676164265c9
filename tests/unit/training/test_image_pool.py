"""The history of fakes (which image comes back for which is a golden case)."""

from pathlib import Path

import torch

from gan_zoo.training.image_pool import ImagePool


def numbered(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers).view(-1, 1, 1, 1)


def test_without_capacity_a_batch_passes_detached_and_unchanged() -> None:
    batch = numbered(1.0, 2.0).requires_grad_(True)
    out = ImagePool(0)(batch)
    assert torch.equal(out, batch)
    assert not out.requires_grad


def test_what_goes_in_does_not_keep_a_graph_or_the_batch_alive() -> None:
    pool, batch = ImagePool(2), torch.zeros(5, 3, 4, 4, requires_grad=True)
    for _ in range(4):
        assert not pool(batch * 1).requires_grad
        assert len(pool.images) == 2
        for image in pool.images:  # from the filling at first, exchanged later
            assert image.shape == (3, 4, 4)
            assert image.untyped_storage().size() == 3 * 4 * 4 * 4


def test_what_comes_out_can_be_changed_without_changing_the_pool() -> None:
    pool = ImagePool(1)
    pool(numbered(1)).zero_()
    assert pool.images[0].item() == 1


def test_every_image_goes_out_once_or_stays() -> None:
    pool, out = ImagePool(3, seed=5), []
    for i in range(200):
        out += pool(numbered(2 * i, 2 * i + 1)).flatten().tolist()
    first, later = out[:3], out[3:]
    assert first == [0, 1, 2]
    assert sorted([*later, *(image.item() for image in pool.images)]) == list(range(400))


def test_pools_of_other_seeds_differ_and_nothing_else_moves_them() -> None:
    def run(seed: int) -> list[float]:
        pool = ImagePool(2, seed)
        return [pool(numbered(i)).item() for i in range(50)]

    state = torch.get_rng_state()
    assert run(0) == run(0) != run(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_stored_pool_goes_on_as_the_first_would(tmp_path: Path) -> None:
    pool, other = ImagePool(3, seed=1), ImagePool(3, seed=2)
    for i in range(20):
        pool(numbered(i))
    torch.save(pool.state_dict(), tmp_path / "pool")
    other.load_state_dict(torch.load(tmp_path / "pool", weights_only=True))
    for i in range(20, 60):
        assert torch.equal(pool(numbered(i)), other(numbered(i)))


def test_a_stored_state_is_not_changed_by_what_follows() -> None:
    pool = ImagePool(2)
    pool(numbered(1, 2))
    state = pool.state_dict()
    for i in range(3, 20):
        pool(numbered(i))
    assert [image.item() for image in state["images"]] == [1, 2]
