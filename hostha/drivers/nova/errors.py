"""How what the libraries raise, and what Nova answers, becomes one of the three errors of a driver.

Facts behind it, measured with Nova 34: a POST that timed out had been accepted; keystoneauth calls a refused connection and a lost
answer by the same name; proxies answer 200 with a page of HTML.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from keystoneauth1 import exceptions as keystone
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from hostha.exceptions import DriverError, OutcomeUnknown, Refused, Unavailable

NOT_UNDERSTOOD = (LookupError, TypeError, AttributeError, ValueError)
"""What the libraries, and our own reading of rows, raise on answers that are not Nova's or not Keystone's."""

HINTS = {
    401: 'check the user, the password and the project of hostha in its section [nova]',
    403: 'the user of hostha needs the admin role in its project'}

FAULTS = {400: 'badRequest', 401: 'unauthorized', 403: 'forbidden', 404: 'itemNotFound', 405: 'badMethod', 409: 'conflictingRequest',
          413: 'overLimit', 415: 'badMediaType', 429: 'overLimit', 501: 'notImplemented', 503: 'serviceUnavailable'}
"""What Nova calls an error of this status in the body; all others are ``computeFault``."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port. operation: the port's method. host: whom it is about. changes: whether what is sent may change something:
    then a missing answer leaves a doubt, otherwise it does not matter."""

    operation: str
    host: str = ''
    changes: bool = False

    def harmless(self) -> 'Call':
        """The same call while nothing that changes anything has been sent."""
        return replace(self, changes=False)

    def refused(self, message: str) -> Refused:
        """A permanent no."""
        return Refused(message, driver='nova', operation=self.operation, host=self.host)

    def unavailable(self, message: str) -> Unavailable:
        """Nothing was done."""
        return Unavailable(message, driver='nova', operation=self.operation, host=self.host)

    def doubtful(self, message: str) -> DriverError:
        """No usable answer: OutcomeUnknown for a call that changes something, Unavailable for one that only reads."""
        if not self.changes:
            return self.unavailable(message)
        return OutcomeUnknown(f'{message}; it may have been carried out, or may be later',
                              driver='nova', operation=self.operation, host=self.host)


@contextmanager
def boundary(call: Call, tried: str) -> Iterator[None]:
    """No exception of a library gets past here. tried: what was sent, for the message."""
    try:
        yield
    except (keystone.Unauthorized, keystone.Forbidden) as error:
        raise call.refused(f'{tried}: Keystone says no ({error}); {HINTS[error.http_status]}') from error
    except keystone.ClientException as error:
        raised = call.unavailable if _never_connected(error) else call.doubtful
        raise raised(f'{tried}: {error}') from error
    except NOT_UNDERSTOOD as error:
        raise call.doubtful(f'{tried}: the answer is not understood: {error!r}') from error


def _never_connected(error: BaseException) -> bool:
    """Whether not even a TCP connection came about, so that certainly nothing was sent: urllib3's own error, deep down, tells."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, (NewConnectionError, ConnectTimeoutError)):
            return True
        link = link.__cause__ or link.__context__
    return False


def failure(call: Call, tried: str, status: int, body: object, retry_after: str = '') -> DriverError:
    """The error for an answer that is no success.

    A no of Nova's own (4xx) is Refused; too many requests (413, 429) were not taken. Anything else, also the page of a proxy, leaves
    open what Nova did or would have said.
    """
    said = nova_says(status, body)
    message = f'{tried}: HTTP {status}: {said or "not an answer of Nova"}'
    if status in HINTS:
        return call.refused(f'{message}; {HINTS[status]}')
    if status in (413, 429):
        return call.unavailable(f'{message}; too many requests' + (f', again after {retry_after} s' if retry_after else ''))
    if 400 <= status < 500 and said:
        return call.refused(message)
    return call.doubtful(message)


def nova_says(status: int, body: object) -> str:
    """Nova's own words in the body of an error, as in ``{"itemNotFound": {"code": 404, "message": "..."}}``; '' if it is not Nova's.

    Its own name for the status is asked for, since a proxy, or the wrong service behind it, says 404 of everything.
    """
    fault = body.get(FAULTS.get(status, 'computeFault')) if isinstance(body, dict) else None
    return str(fault.get('message') or 'no reason given') if isinstance(fault, dict) else ''
