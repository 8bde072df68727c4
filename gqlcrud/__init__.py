"""A GraphQL CRUD API from SQLAlchemy models or an existing database."""
