"""The first schema: hostha's tables, and TaskFlow's as of 6.5.

TaskFlow's tables are made here and not by its own migrations: those do not work on SQLite, leave the tables without
indexes there, and cannot be taken back.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4', 'mysql_collate': 'utf8mb4_bin'}
NAME = sa.String(255)
WORD = sa.String(32)
INCIDENT = sa.String(280)
UUID = sa.String(64)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.Text().with_variant(mysql.LONGTEXT(), 'mysql')
ATOM_TYPES = ('TASK_DETAIL', 'RETRY_DETAIL')
INTENTIONS = ('EXECUTE', 'IGNORE', 'REVERT', 'RETRY')


def required(name: str, of: Any) -> sa.Column:
    return sa.Column(name, of, nullable=False)


def serial() -> sa.Column:
    return sa.Column('id', SERIAL, primary_key=True, autoincrement=True)


def upgrade() -> None:
    _hosts()
    _incidents()
    _transitions()
    _jobs()
    _servers()
    _orders()
    _flows()


def _hosts() -> None:
    op.create_table(
        'hosts',
        sa.Column('name', NAME, primary_key=True),
        required('ha_enabled', sa.Boolean()), required('fencing', sa.Text()), required('addresses', sa.Text()),
        required('state', WORD), required('epoch', sa.Integer()), required('version', sa.Integer()),
        sa.Column('incident', INCIDENT), sa.Column('flow', UUID), sa.Column('command', WORD),
        required('response', WORD), required('pattern', WORD), required('reason', sa.Text()), sa.Column('proof', sa.Text()),
        required('out_of_service', sa.Boolean()), required('marked_down', sa.Boolean()), required('stalls', sa.Integer()),
        required('since', sa.Double()), required('deleted', sa.Boolean()),
        **OPTIONS)


def _incidents() -> None:
    op.create_table(
        'incidents', serial(),
        required('incident', INCIDENT), required('host', NAME), required('epoch', sa.Integer()),
        required('opened_at', sa.Double()), sa.Column('closed_at', sa.Double()),
        required('reason', sa.Text()), required('outcome', sa.Text()),
        **OPTIONS)
    op.create_index('incidents_by_incident', 'incidents', ['incident'], unique=True)
    op.create_index('incidents_by_host', 'incidents', ['host'])
    op.create_index('incidents_by_end', 'incidents', ['closed_at'])


def _transitions() -> None:
    op.create_table(
        'transitions', serial(),
        required('host', NAME), required('incident', INCIDENT), required('epoch', sa.Integer()), required('at', sa.Double()),
        required('before', WORD), required('event', WORD), required('after', WORD),
        required('why', sa.Text()), required('reason', sa.Text()), required('engine', NAME), required('by', NAME),
        **OPTIONS)
    op.create_index('transitions_by_incident', 'transitions', ['incident'])


def _jobs() -> None:
    op.create_table(
        'jobs',
        sa.Column('incident', INCIDENT, primary_key=True),
        required('host', NAME), sa.Column('owner', NAME), required('expires', sa.Double()),
        required('token', sa.Integer()), required('claims', sa.Integer()),
        **OPTIONS)
    op.create_index('jobs_by_expiry', 'jobs', ['expires'])
    op.create_index('jobs_by_owner', 'jobs', ['owner'])


def _servers() -> None:
    op.create_table(
        'servers', serial(),
        required('incident', INCIDENT), required('server', UUID), required('name', NAME),
        required('former_state', WORD), required('source', NAME), required('phase', WORD), required('attempts', sa.Integer()),
        required('floor', sa.BigInteger()), required('ordered_at', sa.Double()), required('answered', sa.Boolean()),
        required('destination', NAME), required('reason', sa.Text()),
        required('started_at', sa.Double()), required('ended_at', sa.Double()),
        **OPTIONS)
    op.create_index('servers_by_incident', 'servers', ['incident', 'server'], unique=True)


def _orders() -> None:
    op.create_table(
        'orders', serial(),
        required('host', NAME), required('action', WORD), required('reason', sa.Text()), required('by', NAME),
        required('epoch', sa.Integer()), required('ordered_at', sa.Double()), sa.Column('closed_at', sa.Double()), sa.Column('result', sa.Text()),
        **OPTIONS)
    op.create_index('orders_by_end', 'orders', ['closed_at'])


def _flows() -> None:
    op.create_table(
        'logbooks',
        sa.Column('created_at', sa.DateTime()), sa.Column('updated_at', sa.DateTime()),
        sa.Column('meta', JSON), sa.Column('name', NAME), sa.Column('uuid', UUID, primary_key=True, unique=True),
        **OPTIONS)
    op.create_table(
        'flowdetails',
        sa.Column('created_at', sa.DateTime()), sa.Column('updated_at', sa.DateTime()),
        sa.Column('parent_uuid', UUID, sa.ForeignKey('logbooks.uuid', ondelete='CASCADE')),
        sa.Column('meta', JSON), sa.Column('name', NAME), sa.Column('state', NAME),
        sa.Column('uuid', UUID, primary_key=True, unique=True),
        **OPTIONS)
    op.create_index('flowdetails_by_parent', 'flowdetails', ['parent_uuid'])
    op.create_table(
        'atomdetails',
        sa.Column('created_at', sa.DateTime()), sa.Column('updated_at', sa.DateTime()), sa.Column('meta', JSON),
        sa.Column('parent_uuid', UUID, sa.ForeignKey('flowdetails.uuid', ondelete='CASCADE')),
        sa.Column('name', NAME), sa.Column('version', UUID), sa.Column('state', NAME),
        sa.Column('uuid', UUID, primary_key=True, unique=True),
        sa.Column('failure', JSON), sa.Column('results', JSON), sa.Column('revert_results', JSON), sa.Column('revert_failure', JSON),
        sa.Column('atom_type', sa.Enum(*ATOM_TYPES, name='atom_types')),
        sa.Column('intention', sa.Enum(*INTENTIONS, name='intentions')),
        **OPTIONS)
    op.create_index('atomdetails_by_parent', 'atomdetails', ['parent_uuid'])


def downgrade() -> None:
    for table in ('atomdetails', 'flowdetails', 'logbooks', 'orders', 'servers', 'jobs', 'transitions', 'incidents', 'hosts'):
        op.drop_table(table)
