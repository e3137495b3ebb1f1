"""TaskFlow's persistence, in the same database and made fit for a service that runs for years.

What TaskFlow 6.5's own SQL backend lacks, and what is done about it:
- it makes its tables anew for each call, which costs most of its time and, on SQLite with SQLAlchemy 2.1, is never freed: here one
  connection object, which holds no state, serves all calls;
- it reads and merges before each write, against writers that hostha does not have (one engine owns a flow): here one UPDATE;
- it waits 2 x 5 s in the caller's thread when a write fails: here StorageFailure comes at once, after one quick second try;
- it restores a retry's history wrongly: values of failed attempts are lost (RetryDetail.from_dict): here they are put back.
"""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
import tenacity
from sqlalchemy.engine import URL, Connection
from taskflow import exceptions as taskflow_exceptions
from taskflow.persistence import models as taskflow_models
from taskflow.persistence.backends import impl_sqlalchemy
from taskflow.storage import Storage

from hostha.db.models import FLOWS, METADATA
from hostha.db.transactions import Transactions
from hostha.exceptions import StoreUnavailable
from hostha.ports import FlowSpec

_BOOKS = uuid.UUID('6a9c2f0e-8b0d-4c56-9f0b-1d6f1f3a7c11')
"""Namespace of the logbooks' ids, each derived from its incident's."""

_SECOND_TRY_AFTER = 0.1


def book_uuid(incident: str) -> str:
    """The id of an incident's logbook."""
    return str(uuid.uuid5(_BOOKS, incident))


def insert_book(connection: Connection, incident: str) -> None:
    """Make an incident's logbook, within the caller's transaction."""
    connection.execute(sa.insert(FLOWS.logbooks).values(uuid=book_uuid(incident), name=incident[:255], meta={}))


def insert_flow(connection: Connection, incident: str, spec: FlowSpec, flow: str | None = None) -> str:
    """Put a flow into an incident's logbook, within the caller's transaction; returns its id, which is ``flow`` if that is given.

    Any engine can start or resume it: ``taskflow.engines.load_from_detail(detail, backend=...)``.
    """
    detail = taskflow_models.FlowDetail(spec.name, flow or str(uuid.uuid4()))
    detail.meta = {'factory': {'name': spec.factory, 'args': [], 'kwargs': spec.kwargs}, 'not_before': spec.not_before}
    connection.execute(sa.insert(FLOWS.flowdetails).values(parent_uuid=book_uuid(incident), **detail.to_dict()))
    return str(detail.uuid)


def not_before(detail: taskflow_models.FlowDetail) -> float:
    """The wall time in seconds before which a flow must not be started; 0 for at once."""
    return float(detail.meta.get('not_before', 0.0))


class FlowBackend(impl_sqlalchemy.SQLAlchemyBackend):
    """TaskFlow's SQL backend, with one connection object for ever and on hostha's own transactions.

    Making the first one in a process shortens TaskFlow's pauses between tries to store something, for the whole process.
    """

    def __init__(self, transactions: Transactions) -> None:
        super().__init__({}, engine=_Gate(transactions))
        self._connection = _FlowConnection(self)
        _fail_fast()

    def get_connection(self) -> '_FlowConnection':
        """The connection: stateless, for any number of threads."""
        return self._connection


def _fail_fast() -> None:
    for save in (Storage._save_flow_detail, Storage._save_atom_detail):
        save.retry.stop = tenacity.stop_after_attempt(2)
        save.retry.wait = tenacity.wait_fixed(_SECOND_TRY_AFTER)


class _Gate:
    """What TaskFlow takes for an SQLAlchemy engine: lets it write and read only through hostha's transactions."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    @property
    def url(self) -> URL:
        return self._transactions.engine.url

    def begin(self) -> AbstractContextManager[Connection]:
        # what a loss of power undoes here is done again when the flow is resumed: tasks are idempotent
        return _storage_failures(self._transactions.write(durable=False))

    def connect(self) -> AbstractContextManager[Connection]:
        return _storage_failures(self._transactions.read())


@contextmanager
def _storage_failures(transaction: AbstractContextManager[Connection]) -> Iterator[Connection]:
    """Errors as TaskFlow expects them: StorageFailure for whatever the database could not do."""
    try:
        with transaction as connection:
            yield connection
    except (StoreUnavailable, sa.exc.SQLAlchemyError) as error:
        raise taskflow_exceptions.StorageFailure(f'a flow could not be stored or read: {error}') from error


class _Converter(impl_sqlalchemy._Alchemist):
    """Rows to TaskFlow's objects, with retry histories as they were stored."""

    @staticmethod
    def convert_atom_detail(row: Any) -> taskflow_models.AtomDetail:
        detail = impl_sqlalchemy._Alchemist.convert_atom_detail(row)
        if isinstance(detail, taskflow_models.RetryDetail):
            attempts = zip(row['results'] or (), detail.results, strict=True)
            detail.results = [(value, failures) for (value, _), (_, failures) in attempts]
        return detail


class _FlowConnection(impl_sqlalchemy.Connection):
    """TaskFlow's connection, for flows that have one owner: what the caller holds is written as it is."""

    def __init__(self, backend: FlowBackend) -> None:
        # the parent's constructor would make tables of its own
        self._backend, self._engine = backend, backend.engine
        self._metadata, self._tables = METADATA, FLOWS
        self._converter = _Converter(FLOWS)
        atoms = FLOWS.atomdetails
        columns = ('failure', 'revert_failure', 'meta', 'name', 'results', 'revert_results', 'state', 'version', 'intention')
        self._update_atom = sa.update(atoms).where(atoms.c.uuid == sa.bindparam('key')).values(
            {name: sa.bindparam(name) for name in columns})

    def upgrade(self) -> None:
        """Refused: hostha's migrations make the tables."""
        raise taskflow_exceptions.StorageFailure('the tables are made by hostha-db-manage upgrade')

    def update_atom_details(self, atom_detail: taskflow_models.AtomDetail) -> taskflow_models.AtomDetail:
        """Store an atom as it is. NotFound, StorageFailure."""
        values = {**atom_detail.to_dict(), 'key': atom_detail.uuid}
        del values['uuid']
        with self._engine.begin() as connection:
            if not connection.execute(self._update_atom, values).rowcount:
                raise taskflow_exceptions.NotFound(f'there is no atom detail {atom_detail.uuid}')
        return atom_detail

    def update_flow_details(self, flow_detail: taskflow_models.FlowDetail) -> taskflow_models.FlowDetail:
        """Store a flow's own state, and atoms that it did not have before. NotFound, StorageFailure."""
        flows = FLOWS.flowdetails
        with self._engine.begin() as connection:
            update = sa.update(flows).where(flows.c.uuid == flow_detail.uuid).values(flow_detail.to_dict())
            if not connection.execute(update).rowcount:
                raise taskflow_exceptions.NotFound(f'there is no flow detail {flow_detail.uuid}')
            self._insert_new_atoms(connection, flow_detail)
        return flow_detail

    def _insert_new_atoms(self, connection: Connection, flow_detail: taskflow_models.FlowDetail) -> None:
        atoms = FLOWS.atomdetails
        known = set(connection.execute(sa.select(atoms.c.uuid).where(atoms.c.parent_uuid == flow_detail.uuid)).scalars())
        new = [{**atom.to_dict(), 'parent_uuid': flow_detail.uuid, 'atom_type': taskflow_models.atom_detail_type(atom)}
               for atom in flow_detail if atom.uuid not in known]
        if new:
            connection.execute(sa.insert(atoms), new)
