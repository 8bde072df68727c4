"""Global ids of every kind of key: made, read back, and tampered with."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gqlcrud import RequestError
from gqlcrud.keys import decode_id, decode_node_id, encode_id
from tests.keyring import CATALOG, KINDS, junk, made, plain

KEYS = st.sampled_from(sorted(KINDS)).flatmap(lambda name: st.tuples(st.just(name), KINDS[name].any))


@settings(max_examples=300, deadline=None)
@given(KEYS)
def test_an_id_is_read_back_as_the_key_it_was_made_of(drawn: tuple[str, Any]) -> None:
    name, value = drawn
    model = CATALOG.by_name[name]
    text = encode_id(name, model.primary_key, (value,))
    assert decode_id(text, model) == (value,)
    assert decode_node_id(text, CATALOG) == (model, (value,))
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@settings(max_examples=300, deadline=None)
@given(KEYS, st.integers(-(2**31), 2**31 - 1))
def test_an_id_of_several_columns_is_read_back(drawn: tuple[str, Any], number: int) -> None:
    name, value = drawn
    model = CATALOG.by_name[f"{name}Part"]
    assert decode_id(encode_id(model.name, model.primary_key, (value, number)), model) == (value, number)


@settings(max_examples=300, deadline=None)
@given(KEYS, KEYS)
def test_different_records_have_different_ids(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    ids = {encode_id(name, CATALOG.by_name[name].primary_key, (value,)) for name, value in (one, other)}
    assert len(ids) == len({(name, KINDS[name].literal(value)) for name, value in (one, other)})


@pytest.mark.parametrize(
    ("model", "key", "expected"),
    [
        ("Integral", (5,), "Integral:5"),
        ("Big", (-(2**63),), "Big:-9223372036854775808"),
        ("Textual", ("a:b [é]",), "Textual:a:b [é]"),
        ("Textual", ("[1]",), 'Textual:["[1]"]'),
        ("Textual", ("",), "Textual:"),
        ("Floating", (0.1,), "Floating:[0.1]"),
        ("Logical", (True,), "Logical:[true]"),
        ("Binary", (b"\xff",), "Binary:/w=="),
        ("Labelled", ("a b",), "Labelled:a_b"),
        ("IntegralPart", (5, 2), "IntegralPart:[5,2]"),
        ("TextualPart", ('"é"', 2), 'TextualPart:["\\"é\\"",2]'),
    ],
)
def test_an_id_is_the_type_and_the_key(model: str, key: tuple[Any, ...], expected: str) -> None:
    assert plain(encode_id(model, CATALOG.by_name[model].primary_key, key)) == expected


def test_an_id_of_another_type_is_told_from_a_damaged_one() -> None:
    model = CATALOG.by_name["Integral"]
    messages = []
    for text in (
        made("Textual:5"),
        made("Integral:x"),
        made("Integral"),
        "é",
        "%%%",
        "",
        made(f"Integral:{'9' * 9000}"),
    ):
        with pytest.raises(RequestError) as caught:
            decode_id(text, model)
        messages.append(caught.value.message)
    assert messages == [
        "This is a global id of Textual, not of Integral.",
        "This is not a valid global id of Integral.",
        *["This is not a global id."] * 5,
    ]


@settings(max_examples=500, deadline=None)
@given(junk())
def test_a_damaged_id_raises_nothing_but_a_request_error(text: str) -> None:
    found = decode_node_id(text, CATALOG)
    if found is not None:
        model, values = found
        kinds = [column.scalar for column in model.primary_key]
        assert values == tuple(
            scalar.decode(scalar.encode(value)) for scalar, value in zip(kinds, values, strict=True)
        ), "what is read can be made again"
    for model in (CATALOG.by_name["Unique"], CATALOG.by_name["AwarePart"]):
        try:
            decode_id(text, model)
        except RequestError as error:
            assert error.code == "VALIDATION"
