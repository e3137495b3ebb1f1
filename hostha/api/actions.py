"""/v1.0/hosts/{name}/actions/{action}: an operator's orders. They are noted here; an engine carries them out."""

import falcon
from oslo_log import log as logging

from hostha.api import views
from hostha.api.form import NAME, PERSON, SENTENCE, Form, checked
from hostha.api.media import Reader
from hostha.core.machine import acceptable
from hostha.core.model import HostRecord
from hostha.core.orders import ACTIONS
from hostha.core.table import IGNORED
from hostha.exceptions import Conflict, NotFound
from hostha.ports import Registry

LOG = logging.getLogger(__name__)


class HostAction:
    """One action of one host."""

    def __init__(self, registry: Registry, read: Reader) -> None:
        self._registry, self._read = registry, read

    def on_post(self, req: falcon.Request, resp: falcon.Response, name: str, action: str) -> None:
        """Note an order: 202, and where to read what becomes of it. The host may still change its state before an engine looks at the
        order; then the engine has the last word."""
        checked('name', name, NAME)
        if action not in ACTIONS:
            raise NotFound(f'there is no action {action}; there are: {", ".join(ACTIONS)}')
        form = Form(self._read(req))
        reason, by = form.text('reason', SENTENCE), form.text('by', PERSON)
        form.check()
        _check_state(self._registry.host(name).record, action)
        order = self._registry.order(name, action, reason, by)
        LOG.info('host=%s order=%s action=%s by=%s reason=%s', name, order.id, action, by, reason)
        resp.status = falcon.HTTP_ACCEPTED
        resp.location = f'/v1.0/orders/{order.id}'
        resp.media = views.noted(order)


def _check_state(record: HostRecord, action: str) -> None:
    event = ACTIONS[action]
    if not acceptable(record.state, event):
        possible = ', '.join(views.actions(record.state)) or 'none'
        raise Conflict(f'host {record.name} is {record.state} and does not take {action}: {IGNORED[record.state, event]}; '
                       f'actions that it takes now: {possible}')
