"""Problems that pictures of any kind may have."""

from pathlib import Path

import pytest
from tests.data.conftest import photo

from gan_zoo.data import transforms as T
from gan_zoo.data.folders import Source, Split, read_headers
from gan_zoo.data.kinds.base import Kind, Problems
from gan_zoo.data.kinds.paired import Paired
from gan_zoo.data.kinds.unpaired import Unpaired


@pytest.mark.parametrize("kind", [Paired(), Unpaired()])
def test_problems_are_found_before_training(kind: Kind, tmp_path: Path) -> None:
    photo(tmp_path / "train" / "good.png", 40, 20)
    photo(tmp_path / "train" / "odd.png", 41, 20)
    photo(tmp_path / "train" / "small.png", 40, 6)
    (tmp_path / "train" / "torn.png").write_bytes(b"x")
    split = kind.layout(tmp_path).splits["train"]
    found = kind.problems(split, read_headers(source.path for source in split.a), T.Crop(10, 10))
    text = "\n".join(found.messages())
    assert len(found.messages()) == 3
    assert "odd.png: 41 pixels wide, which does not halve into A and B: odd width" in text
    assert "small.png: 20x6 is smaller than the crop" in text
    assert "torn.png: not a readable image" in text
    assert [source.path.name for source in found.without(split, together=True).a] == ["good.png"]


def test_partners_leave_together_and_strangers_do_not() -> None:
    sources = [tuple(Source(Path(f"{side}{i}")) for i in range(3)) for side in "ab"]
    problems = Problems([(0, "x")], [(2, "y")])
    together, apart = (problems.without(Split(*sources), value) for value in (True, False))
    assert [len(together.a), len(together.b)] == [1, 1]
    assert [source.path.name for source in apart.b] == ["b0", "b1"]
