"""A bookshop: SQLAlchemy models, made-up data, and the GraphQL API that gqlcrud generates from them."""
