"""The way to Nova: one Keystone session, what is read, what is changed, and lists of any length."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from keystoneauth1 import session as keystone
from keystoneauth1.identity import generic
from novaclient import client as novaclient

from hostha.drivers.nova.errors import Call, boundary, failure, nova_says
from hostha.settings import NovaSettings

MICROVERSION = '2.94'
"""The last one that leaves an evacuated active server active: from 2.95 on it ends stopped (measured)."""

CONNECTIONS = 32
"""Kept to Nova at once, as many as threads may call; requests keeps 10."""

READ_RETRIES = 1
"""A read whose connection failed is sent once more; two time limits at most. What changes something is never sent twice."""

PAGE = 1000
"""Rows asked for at once; Nova's own limit (``[api] max_limit``) is 1000 unless configured lower."""

MOST_PAGES = 1000
STARTS = 3
"""How often a list is begun whose marker vanished while it was read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that Nova itself gave. body: its JSON, None if it was empty."""

    status: int
    body: Any

    @property
    def said(self) -> str:
        """Nova's words, of an answer that says no."""
        return nova_says(self.status, self.body)


class Wire:
    """Sends to Nova and understands the answers. May be used by many threads."""

    def __init__(self, session: keystone.Session, settings: NovaSettings) -> None:
        self._timeout = settings.timeout
        common = {'session': session, 'endpoint_type': settings.interface, 'region_name': settings.region_name, 'status_code_retries': 0}
        self._reader = novaclient.Client(MICROVERSION, connect_retries=READ_RETRIES, **common).client
        self._changer = novaclient.Client(MICROVERSION, connect_retries=0, **common).client

    def get(self, call: Call, path: str, query: Mapping[str, str] | None = None, allow: Collection[int] = ()) -> Answer:
        """Read. allow: the error statuses that the caller wants to see itself, if they are Nova's own; all others raise."""
        return self._send(call, self._reader, 'GET', f'{path}?{urlencode(query)}' if query else path, None, allow)

    def change(self, call: Call, method: str, path: str, body: Mapping[str, Any] | None = None, allow: Collection[int] = ()) -> Answer:
        """Send, exactly once, something that changes Nova. A token and the endpoint are had before, so that their failure leaves no
        doubt. If they took longer than one call may, nothing is sent: the caller's right to act may have passed meanwhile."""
        began = time.monotonic()
        with boundary(call.harmless(), 'asking Keystone for a token and for the endpoint of Nova'):
            self._changer.get_token()
            self._changer.get_endpoint()
        if time.monotonic() - began > self._timeout:
            raise call.harmless().unavailable(f'Keystone took longer than {self._timeout:g} s; nothing was sent')
        return self._send(call, self._changer, method, path, body, allow)

    def pages(self, call: Call, path: str, key: str, query: Mapping[str, str], marker: str = 'id') -> list[dict[str, Any]]:
        """All rows of a list under ``key``. marker: the field of a row that continues the list after it."""
        for _ in range(STARTS):
            rows = self._pages(call, path, key, {**query, 'limit': str(PAGE)}, marker)
            if rows is not None:
                return rows
        raise call.unavailable(f'GET {path}: the list changed while it was read, {STARTS} times')

    def _pages(self, call: Call, path: str, key: str, query: dict[str, str], marker: str) -> list[dict[str, Any]] | None:
        """One passage through the list; None if the row at which it was to be continued has vanished, to which Nova says 400."""
        rows: list[dict[str, Any]] = []
        for _ in range(MOST_PAGES):
            answer = self.get(call, path, query, allow=(400,) if 'marker' in query else ())
            if answer.status == 400:
                return None
            with boundary(call, f'GET {path}'):
                page = list(answer.body[key])
                rows += page
                if not page or not any(link['rel'] == 'next' for link in answer.body.get(f'{key}_links', ())):
                    return rows
                query = {**query, 'marker': page[-1][marker]}
        raise call.unavailable(f'GET {path}: no end after {MOST_PAGES} pages')

    @staticmethod
    def _send(call: Call, client: Any, method: str, path: str, body: Mapping[str, Any] | None, allow: Collection[int]) -> Answer:
        tried = f'{method} {path}'
        with boundary(call, tried):
            response, found = client.request(path, method, body=body, raise_exc=False, redirect=False if call.changes else None)
        status, is_page = response.status_code, found is None and bool(response.content)
        if (200 <= status < 300 and not is_page) or (status in allow and nova_says(status, found)):
            return Answer(status, found)
        raise failure(call, tried, status, found, response.headers.get('Retry-After', ''))


def open_wire(settings: NovaSettings) -> Wire:
    """The way to the Nova of ``settings``; nothing is sent yet."""
    auth = generic.Password(
        auth_url=settings.auth_url, username=settings.username, password=settings.password, project_name=settings.project_name,
        user_domain_name=settings.user_domain_name, project_domain_name=settings.project_domain_name)
    verify = False if settings.insecure else settings.cafile or True
    session = keystone.Session(auth=auth, timeout=settings.timeout, verify=verify, app_name='hostha')
    for scheme in ('http://', 'https://'):
        session.session.mount(scheme, keystone.TCPKeepAliveAdapter(pool_maxsize=CONNECTIONS))
    return Wire(session, settings)
