"""Between rows and the plain types of core: columns bear the names of the fields."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hostha.core.book import Entry, Phase
from hostha.core.model import HostRecord, HostSpec, LevelSpec, Proof
from hostha.core.states import Command, Response, State
from hostha.db.models import HOSTS, SERVERS
from hostha.db.secrets import SecretBox
from hostha.exceptions import NotFound
from hostha.ports import RegisteredHost

Row = Mapping[str, Any]

_RECORD = tuple(field.name for field in fields(HostRecord))
_ENTRY = tuple(field.name for field in fields(Entry))
ENTRY_COLUMNS = [SERVERS.c[name] for name in _ENTRY]
ORDER_COLUMNS = ('id', 'host', 'action', 'reason', 'by', 'epoch', 'ordered_at')
"""The columns of an operator's order, as ports.Order has them."""

RECORD_COLUMNS = [HOSTS.c[name] for name in _RECORD]


def from_record(record: HostRecord) -> dict[str, Any]:
    """The columns of a host's state."""
    return asdict(record)


def to_record(row: Row) -> HostRecord:
    """A host's state."""
    proof, command = row['proof'], row['command']
    typed = {'state': State(row['state']), 'response': Response(row['response']), 'command': Command(command) if command else None,
             'proof': Proof(**proof) if proof else None}
    return HostRecord(**{**{name: row[name] for name in _RECORD}, **typed})


def from_spec(spec: HostSpec, box: SecretBox) -> dict[str, Any]:
    """The columns of what was entered for a host. ConfigError if it has secrets and there is no key."""
    return {'name': spec.name} | from_given(box, spec.ha_enabled, spec.addresses, spec.fencing)


def from_given(box: SecretBox, ha_enabled: bool | None, addresses: Mapping[str, str] | None,
               fencing: Sequence[LevelSpec] | None) -> dict[str, Any]:
    """The columns of what is given, not None, for a host. ConfigError if it has secrets and there is no key."""
    columns = {'ha_enabled': ha_enabled,
               'addresses': None if addresses is None else dict(addresses),
               'fencing': None if fencing is None else [_sealed(level, box) for level in fencing]}
    return {name: value for name, value in columns.items() if value is not None}


def _sealed(level: LevelSpec, box: SecretBox) -> dict[str, Any]:
    return {'level': level.level, 'options': dict(level.options), 'secrets': box.seal(level.secrets)}


def to_spec(row: Row, box: SecretBox) -> HostSpec:
    """What was entered for a host."""
    levels = tuple(LevelSpec(level['level'], level['options'], box.open(level['secrets'], row['name'])) for level in row['fencing'])
    return HostSpec(row['name'], row['ha_enabled'], levels, row['addresses'])


def from_entry(entry: Entry) -> dict[str, Any]:
    """The columns of a server on the book."""
    return asdict(entry)


def to_entry(row: Row) -> Entry:
    """A server on the book."""
    return Entry(**{**{name: row[name] for name in _ENTRY}, 'phase': Phase(row['phase'])})


def registered(row: Row, box: SecretBox) -> RegisteredHost:
    """A host as it was entered, and as it stands."""
    return RegisteredHost(to_spec(row, box), to_record(row))


def host_row(connection: Connection, name: str, *, lock: bool = False) -> Row:
    """The row of a host that is not deleted. lock: nobody else changes it until the end of the transaction. NotFound."""
    query = sa.select(HOSTS).where(HOSTS.c.name == name, HOSTS.c.deleted.is_(False))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f'there is no host {name}')
    return row  # type: ignore[return-value]
