"""/healthz and /readyz: for load balancers and monitoring."""

import falcon

from hostha.ports import History


class Alive:
    """Whether this process answers."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Always 200."""
        resp.media = {'status': 'alive'}


class Ready:
    """Whether the database answers too."""

    def __init__(self, history: History) -> None:
        self._history = history

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """200, or 503 in the shape of all errors."""
        self._history.engines()
        resp.media = {'status': 'ready'}
