import torch
from torch import nn

from gan_zoo.training.initialise import fresh, take


def net(width: int, depth: int) -> nn.Sequential:
    """``depth`` linear layers, of which all but the first are ``width`` wide."""
    torch.manual_seed(width * 10 + depth)
    return nn.Sequential(nn.Linear(3, 4), *(nn.Linear(4, 4) for _ in range(depth - 2)), nn.Linear(4, width))


def test_takes_what_has_the_same_name_and_shape() -> None:
    earlier, later = net(2, 3), net(5, 4)
    before = {name: value.clone() for name, value in later.state_dict().items()}
    assert take(later, earlier.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    for name, value in later.state_dict().items():
        expected = earlier.state_dict()[name] if name[0] in "01" else before[name]
        assert torch.equal(value, expected)


def test_the_earlier_weights_are_copied_not_shared() -> None:
    earlier, later = net(2, 3), net(2, 3)
    take(later, earlier.state_dict())
    with torch.no_grad():
        later[0].weight.zero_()  # type: ignore[operator,union-attr]
    assert earlier[0].weight.abs().sum() > 0  # type: ignore[operator,union-attr]


def test_nothing_fits() -> None:
    assert take(net(2, 3), {"other.weight": torch.zeros(3)}) == set()


def test_what_stays_fresh_is_named_by_its_largest_whole_part() -> None:
    names = ["g.down.0.weight", "g.down.0.bias", "g.down.1.weight", "g.up.0.weight", "g.up.1.weight", "d.weight"]
    assert fresh(names, {"g.down.0.weight", "g.down.1.weight"}) == ["g.down.0.bias", "g.up", "d"]
    assert fresh(names, set(names)) == []
    assert fresh(names, set()) == ["g", "d"]
