"""GraphiQL as a page of the package's own: one HTML text and the files it asks for, without any other host."""

from gqlcrud.graphiql.page import CONTENT_SECURITY_POLICY, Asset, Example, graphiql_page, is_built, read_asset

__all__ = ["CONTENT_SECURITY_POLICY", "Asset", "Example", "graphiql_page", "is_built", "read_asset"]
