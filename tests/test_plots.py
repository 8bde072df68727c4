"""The plots of the documentation: points at their places, axes by powers of ten."""

from xml.etree import ElementTree

from docs.plots import Series, plot

SVG = "{http://www.w3.org/2000/svg}"


def test_points_stand_at_their_logarithms() -> None:
    drawn = ElementTree.fromstring(
        plot(
            "A & B", "rows", "ms", [Series("one <line>", [(1, 10), (10, 100), (100, 1000)]), Series("other", [(1, 50)])]
        )
    )

    assert [each.get("points") for each in drawn.iter(f"{SVG}polyline")] == [
        "76.0,252.0 340.0,146.0 604.0,40.0",
        "76.0,177.9",
    ]
    texts = [each.text for each in drawn.iter(f"{SVG}text")]
    assert texts == ["A & B", "rows", "ms", "1", "10", "100", "10", "100", "1,000", "one <line>", "other"]


def test_axes_end_at_powers_of_ten_of_which_there_are_two() -> None:
    drawn = ElementTree.fromstring(plot("A", "rows", "ms", [Series("one", [(30, 0.02), (30, 0.5)])]))

    assert [each.text for each in drawn.iter(f"{SVG}text")][3:-1] == ["10", "100", "0.01", "0.1", "1"]
