"""The fields of generated types: what each gives for the value that it stands on."""

from gqlcrud.fields.connections import ConnectionField, CursorField, EdgeColumnField, NodeField
from gqlcrud.fields.generated import GeneratedField, TypedField, resolved
from gqlcrud.fields.records import ColumnField, IdField, JsonField, PythonField, RelationField
from gqlcrud.fields.roots import NodesField, PageField, ReadField, RecordField

__all__ = [
    "ColumnField",
    "ConnectionField",
    "CursorField",
    "EdgeColumnField",
    "GeneratedField",
    "IdField",
    "JsonField",
    "NodeField",
    "NodesField",
    "PageField",
    "PythonField",
    "ReadField",
    "RecordField",
    "RelationField",
    "TypedField",
    "resolved",
]
