"""/v1.0/hosts/{name}/orders and /v1.0/orders/{ident}: what became of operators' orders."""

import falcon

from hostha.api import query, views
from hostha.api.form import NAME, ORDER, Form, checked
from hostha.ports import History, Registry


class HostOrders:
    """The orders for one host."""

    parameters = ('limit',)

    def __init__(self, registry: Registry, history: History) -> None:
        self._registry, self._history = registry, history

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Newest first. Those for a host that was deleted can still be seen; 404 if there never was an order nor a host of that name."""
        checked('name', name, NAME)
        form = Form(req.params)
        limit = query.limit(form)
        form.check()
        orders = self._history.orders(host=name, limit=limit)
        if not orders:
            self._registry.host(name)
        resp.media = {'orders': [views.order(order) for order in orders]}


class OneOrder:
    """One order."""

    def __init__(self, history: History) -> None:
        self._history = history

    def on_get(self, _req: falcon.Request, resp: falcon.Response, ident: str) -> None:
        """The order and its result."""
        resp.media = views.order(self._history.order(int(checked('id', ident, ORDER))))
