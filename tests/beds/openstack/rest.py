"""A small client of the OpenStack APIs, for the bed's own needs: the standard library only."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from tests.beds.command import BedError
from tests.beds.openstack.plan import PASSWORD, Plan

Json = dict[str, Any]
_TIMEOUT = 60


class Api:
    """One token of one user, and calls with it. BedError, with the service's own words, when a call fails."""

    def __init__(self, plan: Plan, user: str = 'admin', project: str = 'demo') -> None:
        self._plan = plan
        self._headers = {'Accept': 'application/json', 'OpenStack-API-Version': 'compute 2.94, placement 1.39'}
        domain = {'id': 'default'}
        identity = {'methods': ['password'], 'password': {'user': {'name': user, 'domain': domain, 'password': PASSWORD}}}
        scope = {'project': {'name': project, 'domain': domain}}
        request = self._request('POST', 'keystone', '/auth/tokens', {'auth': {'identity': identity, 'scope': scope}})
        with self._send(request) as answer:
            self._headers['X-Auth-Token'] = answer.headers['X-Subject-Token']

    def call(self, method: str, service: str, path: str, body: Json | bytes | None = None) -> Json:
        """One call; bytes go out as they are. Returns the answer's JSON, or ``{}`` if it has none."""
        with self._send(self._request(method, service, path, body)) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def pages(self, service: str, path: str, key: str) -> Iterator[Json]:
        """Every item of a list, page by page."""
        following: str | None = path
        while following:
            page = self.call('GET', service, following)
            yield from page[key]
            links = {link['rel']: link['href'] for link in page.get(f'{key}_links', [])}
            following = '?'.join((path.partition('?')[0], links['next'].partition('?')[2])) if 'next' in links else None

    def _request(self, method: str, service: str, path: str, body: Json | bytes | None) -> urllib.request.Request:
        kind = 'application/octet-stream' if isinstance(body, bytes) else 'application/json'
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return urllib.request.Request(
            self._plan.endpoint(service) + path, data, self._headers | {'Content-Type': kind}, method=method)

    @staticmethod
    def _send(request: urllib.request.Request) -> Any:
        asked = f'{request.get_method()} {request.full_url}'
        try:
            return _opener.open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            raise BedError(f'{asked}: {error.code} {error.read()[:600].decode(errors="replace")}') from error
        except OSError as error:
            raise BedError(f'{asked}: {error}') from error


def answers(url: str) -> bool:
    """Whether anything speaks HTTP at this address and does not speak of an error of its own."""
    try:
        with _opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def find(items: list[Json], **wanted: object) -> Json | None:
    """The first item with these values."""
    return next((item for item in items if all(item[key] == value for key, value in wanted.items())), None)


_no_proxy: Mapping[str, str] = {}
_opener = urllib.request.build_opener(urllib.request.ProxyHandler(dict(_no_proxy)))
