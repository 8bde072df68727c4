"""What was made of objects, by which objects they are."""

from gqlcrud.identity import ByIdentity


def test_equal_objects_are_not_the_same() -> None:
    known: ByIdentity[int] = ByIdentity(maximum=4)
    one, other = [1], [1]

    assert [known.made_of((each, True), lambda each=each: id(each)) for each in (one, other, one)] == [  # type: ignore[misc]
        *(id(one), id(other), id(one))
    ]
    assert known.made_of((one, True), lambda: -1) == id(one)
    assert known.made_of((one, False), lambda: -1) == -1


def test_the_last_are_kept_and_held() -> None:
    known: ByIdentity[int] = ByIdentity(maximum=2)
    for each in range(100):
        assert known.made_of(([each],), lambda each=each: each) == each  # type: ignore[misc]

    assert [made for _, made in known._known.values()] == [98, 99]
    assert [held for held, _ in known._known.values()] == [([98],), ([99],)]
