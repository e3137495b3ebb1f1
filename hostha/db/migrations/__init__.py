"""The history of the schema (alembic): hostha's tables and TaskFlow's, in one line of revisions."""
