"""Records found by global id and by key, whatever the kind of the key; and nothing found by what is no key."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gqlcrud import Api
from gqlcrud.keys import decode_node_id, encode_id
from tests.databases import MakeEngine
from tests.keyring import CATALOG, KINDS, MODELS, Base, junk, made
from tests.running import run, save


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    """Each value is the key of a record, with two parts; the second part belongs to the next record."""
    engine = await make_module_engine(Base.metadata)
    for name, (whole, part) in MODELS.items():
        values = KINDS[name].values
        await save(engine, *(whole(key=value) for value in values))
        others = [*values[1:], values[0]]
        await save(engine, *(part(key=value, number=1, whole_key=value) for value in values))
        await save(
            engine,
            *(part(key=value, number=2, whole_key=other) for value, other in zip(values, others, strict=True)),
        )
    yield Api(Base, engine)


def whole_id(name: str, value: Any) -> str:
    return encode_id(name, CATALOG.by_name[name].primary_key, (value,))


def part_id(name: str, value: Any, number: int) -> str:
    return encode_id(f"{name}Part", CATALOG.by_name[f"{name}Part"].primary_key, (value, number))


@pytest.mark.parametrize("name", KINDS)
async def test_a_record_is_found_by_every_kind_of_key(api: Api, name: str) -> None:
    """By `node`, by the selector's `id` and its columns, by filters of the id and of a foreign key; nobody else is."""
    one, many = CATALOG.by_name[name].one, CATALOG.by_name[name].many
    query = f"""query ($id: ID!, $by: {name}By!, $part: ID!) {{
      node(id: $id) {{ id __typename }}
      byId: {one}(by: {{id: $id}}) {{ id }}
      byKey: {one}(by: $by) {{ id }}
      filtered: {many}(where: {{id: {{eq: $id}}}}) {{ nodes {{ id }} }}
      parts: {CATALOG.by_name[f"{name}Part"].many}(where: {{wholeKey: {{eq: $id}}}}) {{ nodes {{ id }} }}
      part: node(id: $part) {{ ... on {name}Part {{ number wholeKey whole {{ id parts {{ nodes {{ id }} }} }} }} }}
    }}"""
    values = KINDS[name].values
    for value, before, after in zip(values, [values[-1], *values], [*values[1:], values[0]], strict=False):
        found = await run(
            api,
            query,
            id=whole_id(name, value),
            by={"key": client_value(name, value)},
            part=part_id(name, value, 2),
        )
        parts = sorted([part_id(name, value, 1), part_id(name, before, 2)])
        whole = {"id": whole_id(name, value)}
        assert sorted(each["id"] for each in found.pop("parts")["nodes"]) == parts
        following = sorted([part_id(name, after, 1), part_id(name, value, 2)])
        assert sorted(each["id"] for each in found["part"]["whole"].pop("parts")["nodes"]) == following
        assert found == {
            "node": {**whole, "__typename": name},
            "byId": whole,
            "byKey": whole,
            "filtered": {"nodes": [whole]},
            "part": {"number": 2, "wholeKey": whole_id(name, after), "whole": {"id": whole_id(name, after)}},
        }


def client_value(name: str, value: Any) -> Any:
    """A key as a client writes it."""
    if name in ("Lasting", "Binary"):
        return CATALOG.by_name[name].primary_key[0].scalar.encode(value)
    return KINDS[name].literal(value)


@pytest.mark.parametrize("name", KINDS)
async def test_a_list_of_ids_finds_its_records(api: Api, name: str) -> None:
    values = KINDS[name].values
    wholes, parts = CATALOG.by_name[name].many, CATALOG.by_name[f"{name}Part"].many
    query = f"""query ($ids: [ID!], $parts: [ID!]) {{
      in: {wholes}(where: {{id: {{in: $ids}}}}) {{ nodes {{ id }} }}
      out: {wholes}(where: {{id: {{notIn: $ids}}}}) {{ nodes {{ id }} }}
      referring: {parts}(where: {{wholeKey: {{in: $ids}}, number: {{eq: 1}}}}) {{ nodes {{ id }} }}
      parts: {parts}(where: {{id: {{in: $parts}}}}) {{ nodes {{ id }} }}
      others: {parts}(where: {{id: {{notIn: $parts}}}}) {{ nodes {{ id }} }}
    }}"""
    chosen = [*values[:1], *values[2:]]
    found = await run(
        api,
        query,
        ids=[whole_id(name, value) for value in chosen],
        parts=[part_id(name, value, 2) for value in chosen],
    )
    assert {key: {node["id"] for node in value["nodes"]} for key, value in found.items()} == {
        "in": {whole_id(name, value) for value in chosen},
        "out": {whole_id(name, value) for value in values[1:2]},
        "referring": {part_id(name, value, 1) for value in chosen},
        "parts": {part_id(name, value, 2) for value in chosen},
        "others": {part_id(name, value, 1) for value in values} | {part_id(name, value, 2) for value in values[1:2]},
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(junk(), min_size=1, max_size=20))
async def test_a_tampered_id_finds_nothing_else_and_breaks_nothing(api: Api, texts: list[str]) -> None:
    """A record that comes back is the one whose id, written properly, was asked for."""
    nodes = (await run(api, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=texts))["nodes"]
    read = [decode_node_id(text, CATALOG) for text in texts]
    proper = [None if each is None else encode_id(each[0].name, each[0].primary_key, each[1]) for each in read]
    assert len(nodes) == len(texts)
    assert all(node is None or node["id"] == text for node, text in zip(nodes, proper, strict=True))

    for model in ("Integral", "Aware", "LastingPart"):
        declared = CATALOG.by_name[model]
        for text in texts[:3]:
            result = await api.execute(
                f"query ($id: ID!) {{ {declared.many}(where: {{id: {{eq: $id}}}}) {{ nodes {{ id }} }} "
                f"{declared.one}(by: {{id: $id}}) {{ id }} }}",
                {"id": text},
            )
            codes = {(each.extensions or {})["code"] for each in result.errors or ()}
            assert codes <= {"VALIDATION"}


OUT_OF_RANGE = [
    "Integral:99999999999",
    "Small:99999999",
    "Textual:" + "x" * 1000,
    "Padded:abcd",
    "Scaled:1.504",
    "Scaled:123456789012.5",
    "Free:1e900",
    "Free:1.5000000000000000000001",
    "Lasting:P999999999D",
    "Lasting:-P999999999D",
    "Naive:9999-12-31T23:59:59.999999",
    "SmallPart:[99999999,1]",
    "IntegralPart:[1,99999999999]",
    'ScaledPart:["1.504",1]',
    'PaddedPart:["abcd",1]',
    'LastingPart:["P999999999D",1]',
]


@pytest.mark.parametrize("text", OUT_OF_RANGE)
async def test_a_key_that_its_column_cannot_hold_finds_nothing(api: Api, text: str) -> None:
    """The database neither refuses it nor cuts it to a key that it has."""
    model = CATALOG.by_name[text.partition(":")[0]]
    data = await run(
        api,
        f"query ($id: ID!) {{ node(id: $id) {{ id }} {model.one}(by: {{id: $id}}) {{ id }} "
        f"{model.many}(where: {{id: {{in: [$id, $id]}}}}) {{ nodes {{ id }} }} }}",
        id=made(text),
    )
    assert data == {"node": None, model.one: None, model.many: {"nodes": []}}
