"""The tables. hostha/db/migrations makes them; a test holds that both agree, on each database.

Times are wall seconds of the database's clock, except where a row keeps what core decided. On MariaDB the collation is binary: names
that differ in case are different names, as in Nova and as on SQLite.
"""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from taskflow.persistence.backends.sqlalchemy import tables as taskflow_tables

METADATA = sa.MetaData()
MYSQL_OPTIONS: dict[str, Any] = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4', 'mysql_collate': 'utf8mb4_bin'}


class Json(TypeDecorator[Any]):
    """Plain JSON data in a text column, alike on all databases."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else json.dumps(value, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """From the database."""
        return None if value is None else json.loads(value)


def _name() -> sa.String:
    return sa.String(255)


def _word() -> sa.String:
    return sa.String(32)


def _incident_id() -> sa.String:
    return sa.String(280)


def _serial() -> sa.Column[int]:
    # SQLite numbers only a column that is declared INTEGER
    return sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), primary_key=True, autoincrement=True)


def _required(name: str, of: TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, of, nullable=False)


HOSTS = sa.Table(
    'hosts', METADATA,
    sa.Column('name', _name(), primary_key=True),
    # as entered: HostSpec; secrets only encrypted
    _required('ha_enabled', sa.Boolean()), _required('fencing', Json()), _required('addresses', Json()),
    # as it stands: HostRecord
    _required('state', _word()), _required('epoch', sa.Integer()), _required('version', sa.Integer()),
    sa.Column('incident', _incident_id()), sa.Column('flow', sa.String(64)), sa.Column('command', _word()),
    _required('response', _word()), _required('pattern', _word()), _required('reason', sa.Text()), sa.Column('proof', Json()),
    _required('out_of_service', sa.Boolean()), _required('marked_down', sa.Boolean()), _required('stalls', sa.Integer()),
    _required('since', sa.Double()),
    # a deleted host keeps its row: a later host of its name must go on above its epoch and version
    _required('deleted', sa.Boolean()),
    **MYSQL_OPTIONS)

INCIDENTS = sa.Table(
    'incidents', METADATA,
    # numbered in the order in which they were opened
    _serial(),
    _required('incident', _incident_id()), _required('host', _name()), _required('epoch', sa.Integer()),
    _required('opened_at', sa.Double()), sa.Column('closed_at', sa.Double()),
    _required('reason', sa.Text()), _required('outcome', sa.Text()),
    sa.Index('incidents_by_incident', 'incident', unique=True),
    sa.Index('incidents_by_host', 'host'),
    sa.Index('incidents_by_end', 'closed_at'),
    **MYSQL_OPTIONS)

TRANSITIONS = sa.Table(
    'transitions', METADATA,
    _serial(),
    _required('host', _name()), _required('incident', _incident_id()), _required('epoch', sa.Integer()), _required('at', sa.Double()),
    _required('before', _word()), _required('event', _word()), _required('after', _word()),
    _required('why', sa.Text()), _required('reason', sa.Text()), _required('engine', _name()), _required('by', _name()),
    sa.Index('transitions_by_incident', 'incident'),
    **MYSQL_OPTIONS)

JOBS = sa.Table(
    'jobs', METADATA,
    sa.Column('incident', _incident_id(), primary_key=True),
    _required('host', _name()), sa.Column('owner', _name()), _required('expires', sa.Double()),
    _required('token', sa.Integer()), _required('claims', sa.Integer()),
    sa.Index('jobs_by_expiry', 'expires'),
    sa.Index('jobs_by_owner', 'owner'),
    **MYSQL_OPTIONS)

SERVERS = sa.Table(
    'servers', METADATA,
    # numbered in the order in which they are to be moved
    _serial(),
    _required('incident', _incident_id()), _required('server', sa.String(64)), _required('name', _name()),
    _required('former_state', _word()), _required('source', _name()), _required('phase', _word()), _required('attempts', sa.Integer()),
    _required('floor', sa.BigInteger()), _required('ordered_at', sa.Double()), _required('answered', sa.Boolean()),
    _required('destination', _name()), _required('reason', sa.Text()),
    _required('started_at', sa.Double()), _required('ended_at', sa.Double()),
    sa.Index('servers_by_incident', 'incident', 'server', unique=True),
    **MYSQL_OPTIONS)

ORDERS = sa.Table(
    'orders', METADATA,
    _serial(),
    _required('host', _name()), _required('action', _word()), _required('reason', sa.Text()), _required('by', _name()),
    _required('epoch', sa.Integer()), _required('ordered_at', sa.Double()),
    sa.Column('closed_at', sa.Double()), sa.Column('result', sa.Text()),
    sa.Index('orders_by_end', 'closed_at'),
    **MYSQL_OPTIONS)


class _LongJson(taskflow_tables.JSONType):
    """TaskFlow's JSON. On MySQL a plain text column would end at 64 KB, a list of servers or a long history of tries does not."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.LONGTEXT() if dialect.name == 'mysql' else sa.UnicodeText())


def _flow_tables() -> taskflow_tables.Tables:
    """TaskFlow's own tables, made once for the process, with long text and with indexes for SQLite, which makes none for foreign keys."""
    tables = taskflow_tables.fetch(METADATA)
    for table in tables:
        for column in table.columns:
            if isinstance(column.type, taskflow_tables.JSONType):
                column.type = _LongJson()
    sa.Index('flowdetails_by_parent', tables.flowdetails.c.parent_uuid)
    sa.Index('atomdetails_by_parent', tables.atomdetails.c.parent_uuid)
    return tables


FLOWS = _flow_tables()
