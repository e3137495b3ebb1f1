"""/v1.0/engines: who works on incidents."""

import falcon

from hostha.ports import History


class Engines:
    """The engines that hold incidents."""

    def __init__(self, history: History) -> None:
        self._history = history

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Each with the seconds that its lease has left; an engine without incidents is not listed."""
        resp.media = {'engines': [{'name': name, 'lease_left': round(left, 3)} for name, left in self._history.engines()]}
