import pytest

from vitte.base.suggest import closest, edit_distance


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "b", 1), ("a", "b", 1)],
)
def test_edit_distance(a: str, b: str, distance: int) -> None:
    assert edit_distance(a, b, 5) == distance
    assert edit_distance(b, a, 5) == distance


def test_distance_above_the_limit_is_not_computed_further() -> None:
    assert edit_distance("completely", "different!", 2) == 3


def test_closest_prefers_the_nearest_then_the_first_in_order() -> None:
    assert closest("lenght", ["width", "length", "lighthouse"]) == "length"
    assert closest("cat", ["car", "bat"]) == "bat"
    assert closest("String", ["string", "strong"]) == "string"
    assert closest("xyzzy", ["area", "point"]) is None
