"""The records of all models of an API and how they are related, as SQLAlchemy's own joins say: what filters go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased, class_mapper

from gqlcrud import Api
from gqlcrud.catalog import Model, Relation, Source
from gqlcrud.keys import encode_id

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """values: model -> primary key -> attribute -> value. links: model -> relation -> primary keys that belong together."""

    values: Mapping[str, Mapping[Key, Mapping[str, Any]]]
    links: Mapping[str, Mapping[str, tuple[str, Mapping[Key, list[Key]]]]]

    def records(self, model: str) -> list[Record]:
        return [Record(self, model, key) for key in self.values[model]]


@dataclass(frozen=True, slots=True)
class Record:
    """A record, as a filter sees it."""

    graph: Graph
    model: str
    key: Key

    def __getitem__(self, attribute: str) -> Any:
        return self.graph.values[self.model][self.key][attribute]

    def related(self, relation: str) -> list[Record]:
        target, links = self.graph.links[self.model][relation]
        return [Record(self.graph, target, key) for key in links.get(self.key, ())]


def global_id(model: Model, key: Key) -> str:
    return encode_id(model.name, model.primary_key, key)


async def read_graph(api: Api, engine: AsyncEngine) -> Graph:
    async with AsyncSession(engine) as session:
        values = {model.name: await _values(session, model) for model in api.catalog.models}
        links = {
            model.name: {
                relation.key: (
                    api.catalog.model(relation.target).name,
                    await _links(session, model, relation, api.catalog.model(relation.target)),
                )
                for relation in model.relations
            }
            for model in api.catalog.models
        }
    return Graph(values, links)


async def _values(session: AsyncSession, model: Model) -> dict[Key, dict[str, Any]]:
    keys = [column.key for column in model.columns if column.source is Source.STORED]
    entity: Any = model.entity
    rows = await session.execute(select(*(getattr(entity, key) for key in keys)))
    values = [dict(zip(keys, row, strict=True)) for row in rows]
    return {tuple(each[column.key] for column in model.primary_key): each for each in values}


async def _links(session: AsyncSession, model: Model, relation: Relation, target: Model) -> dict[Key, list[Key]]:
    """The pairs that a join of the relation gives, each once."""
    if relation.key in class_mapper(model.entity).relationships:
        here: Any = aliased(model.entity)
        there: Any = aliased(target.entity)
        owner = [getattr(here, column.key) for column in model.primary_key]
        found = [getattr(there, column.key) for column in target.primary_key]
        statement = select(*owner, *found).join(getattr(here, relation.key).of_type(there))
    else:  # many-to-many by way of an association object: the two parts of its key
        assert relation.link is not None
        statement = select(*(relation.link.table.c[key] for key in (*relation.link.local, *relation.link.remote)))
    links: dict[Key, list[Key]] = {}
    width = len(model.primary_key)
    for row in await session.execute(statement):
        keys = links.setdefault(tuple(row[:width]), [])
        if tuple(row[width:]) not in keys:
            keys.append(tuple(row[width:]))
    return links
