"""The styles."""

from dataclasses import fields

from gan_zoo.data.worlds.styles import STYLES


def test_there_are_four_of_unlike_colours() -> None:
    assert [style.name for style in STYLES] == ["day", "dusk", "night", "snow"]
    for field in fields(STYLES[0]):
        if field.name in ("high", "low", "grass", "road", "roof", "plaster"):
            colours = [getattr(style, field.name) for style in STYLES]
            apart = [
                max(abs(a - b) for a, b in zip(one, other, strict=True))
                for i, one in enumerate(colours)
                for other in colours[:i]
            ]
            assert min(apart) > 0.08, field.name


def test_walls_are_in_the_order_of_their_classes() -> None:
    assert STYLES[0].walls == (STYLES[0].brick, STYLES[0].plaster, STYLES[0].boards)
