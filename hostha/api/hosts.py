"""/v1.0/hosts and /v1.0/hosts/{name}: the hosts as operators enter them, with their present state."""

from collections.abc import Sequence
from typing import Any

import falcon
from oslo_log import log as logging

from hostha.api import views
from hostha.api.form import NAME, Form, checked
from hostha.api.host_spec import changes, new_host
from hostha.api.media import Reader
from hostha.core.model import HostSpec
from hostha.ports import Registry

LOG = logging.getLogger(__name__)


class Hosts:
    """All hosts."""

    def __init__(self, registry: Registry, read: Reader, networks: Sequence[str]) -> None:
        self._registry, self._read, self._networks = registry, read, networks

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """All hosts by name."""
        resp.media = {'hosts': [views.host(host) for host in self._registry.hosts()]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Enter a host: 201; 409 if there is one of that name."""
        spec = new_host(Form(self._read(req)), self._networks)
        created = self._registry.create(spec)
        LOG.info('host=%s entered', spec.name)
        resp.status = falcon.HTTP_CREATED
        resp.location = f'/v1.0/hosts/{spec.name}'
        resp.media = views.host(created)


class Host:
    """One host. A change of what was entered leaves its state alone."""

    def __init__(self, registry: Registry, read: Reader, networks: Sequence[str]) -> None:
        self._registry, self._read, self._networks = registry, read, networks

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """The host."""
        resp.media = views.host(self._registry.host(checked('name', name, NAME)))

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Enter the host anew: a field that is not given takes its default. Does not create one."""
        anew = HostSpec(name, **self._changes(req, name))
        self._update(resp, name, {'ha_enabled': anew.ha_enabled, 'fencing': anew.fencing, 'addresses': anew.addresses})

    def on_patch(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Change the fields that are given, each as a whole; the others stay."""
        self._update(resp, name, self._changes(req, name))

    def on_delete(self, _req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Forget the host: 204; 409 while an incident is under way or has left servers behind. Its incidents stay."""
        self._registry.delete(checked('name', name, NAME))
        LOG.info('host=%s deleted', name)
        resp.status = falcon.HTTP_NO_CONTENT

    def _changes(self, req: falcon.Request, name: str) -> dict[str, Any]:
        return changes(Form(self._read(req)), checked('name', name, NAME), self._networks)

    def _update(self, resp: falcon.Response, name: str, changed: dict[str, Any]) -> None:
        updated = self._registry.update(name, **changed)
        LOG.info('host=%s changed: %s', name, ', '.join(changed) or 'nothing')
        resp.media = views.host(updated)
