"""Every error that hostha raises on purpose.

HosthaError
|-- ConfigError          an option, its value and the rule that it breaks
|-- BadRequest           an operator's input that cannot be accepted, field by field
|-- InvalidTransition    an event that the table of the machine does not know in this state
|-- StaleOwner           somebody else owns the incident by now, or it has gone on: change nothing
|-- NotFound, Conflict   of records
`-- DriverError          an outside system; always one of the three below
    |-- Unavailable      nothing was done; the same call may be tried again
    |-- Refused          a permanent no; trying again is useless
    `-- OutcomeUnknown   sent, not confirmed: it may have been done, now or later
"""

from collections.abc import Mapping


class HosthaError(Exception):
    """The parent of all errors of hostha."""


class ConfigError(HosthaError):
    """The configuration breaks a rule; nothing was started."""

    def __init__(self, option: str, value: object, rule: str) -> None:
        super().__init__(f'{option} = {value!s}: {rule}')
        self.option, self.value, self.rule = option, value, rule


class BadRequest(HosthaError):
    """Input that cannot be accepted; ``fields`` names each wrong field and what would be right."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class NotFound(HosthaError):
    """There is no such record."""


class Conflict(HosthaError):
    """The record exists already, or its state does not allow what was asked."""


class InvalidTransition(HosthaError):
    """The table has no row for this state and event, and does not ignore it either."""

    def __init__(self, host: str, state: str, event: str) -> None:
        super().__init__(f'host {host}: the event {event} has no place in the state {state}; nothing was changed')
        self.host, self.state, self.event = host, state, event


class StaleOwner(HosthaError):
    """The incident belongs to another engine, or to a later epoch; nothing was changed."""


class StoreUnavailable(HosthaError):
    """The database does not answer; nothing was changed by this call."""


class DriverError(HosthaError):
    """An outside system failed; which one, about which host, during what."""

    def __init__(self, message: str, *, driver: str, operation: str, host: str = '') -> None:
        about = f' host {host}' if host else ''
        super().__init__(f'{driver} {operation}{about}: {message}')
        self.driver, self.operation, self.host = driver, operation, host


class Unavailable(DriverError):
    """Nothing was done; the same call may be tried again later."""


class Refused(DriverError):
    """A permanent no: the same call will be refused again."""


class OutcomeUnknown(DriverError):
    """The order was sent and not confirmed. It may have been carried out, or may be later."""
