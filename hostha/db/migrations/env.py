"""Run by alembic; hostha.db.migrate hands over the connection, inside of a transaction."""

from alembic import context

from hostha.db.migrate import VERSION_TABLE
from hostha.db.models import METADATA

context.configure(connection=context.config.attributes['connection'], target_metadata=METADATA, version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
