"""Rows in, response values out, for selections in which every field is generated: graphql-core does not walk them."""

from gqlcrud.rendering.executor import Rendered, RenderingExecutor
from gqlcrud.rendering.leaves import NotRendered, OpenSelection
from gqlcrud.rendering.payloads import PayloadShape, payload_shape, render_payload
from gqlcrud.rendering.reading import Renderer
from gqlcrud.rendering.rows import Table
from gqlcrud.rendering.shapes import SHAPING, ConnectionShape, RecordShape, connection_shape, record_shape
from gqlcrud.rendering.shown import Shown, ShownColumn, ShownFacet, ShownId, ShownPart, ShownPayload, ShownRelation

__all__ = [
    "SHAPING",
    "ConnectionShape",
    "NotRendered",
    "OpenSelection",
    "PayloadShape",
    "RecordShape",
    "Rendered",
    "Renderer",
    "RenderingExecutor",
    "Shown",
    "ShownColumn",
    "ShownFacet",
    "ShownId",
    "ShownPart",
    "ShownPayload",
    "ShownRelation",
    "Table",
    "connection_shape",
    "payload_shape",
    "record_shape",
    "render_payload",
]
