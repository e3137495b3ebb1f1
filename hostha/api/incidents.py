"""/v1.0/incidents: what has happened, and what is under way."""

from typing import Any

import falcon

from hostha.api import query, views
from hostha.api.form import INCIDENT, NAME, Form, checked
from hostha.core.book import summary
from hostha.exceptions import BadRequest, NotFound
from hostha.ports import Clock, History


class Incidents:
    """All incidents, newest first, page by page."""

    parameters = ('host', 'open', 'limit', 'marker')

    def __init__(self, history: History, clock: Clock) -> None:
        self._history, self._clock = history, clock

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """One page; ``next_marker`` is null on the last one."""
        form = Form(req.params)
        host, marker = form.text('host', NAME, ''), form.text('marker', INCIDENT, '')
        open_only, limit = query.boolean(form, 'open'), query.limit(form)
        form.check()
        # one more than asked for tells whether there is a next page
        found = self._page(host=host or None, open_only=open_only, limit=limit + 1, marker=marker or None)
        now = self._clock.time()
        resp.media = {'incidents': [views.incident(one, now) for one in found[:limit]],
                      'next_marker': found[limit - 1].id if len(found) > limit else None}

    def _page(self, **wanted: Any) -> Any:
        try:
            return self._history.incidents(**wanted)
        except NotFound as error:
            raise BadRequest(str(error), {'marker': 'there is no such incident; it has to be the last id of the page before'}) from None


class Incident:
    """One incident with all that belongs to it."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history, self._clock = history, clock

    def on_get(self, _req: falcon.Request, resp: falcon.Response, ident: str) -> None:
        """The incident, its transitions (oldest first) and its book of servers."""
        incident = self._history.incident(checked('id', ident, INCIDENT))
        resp.media = views.incident(incident, self._clock.time()) | _transitions(self._history, ident) | _servers(self._history, ident)


class IncidentTransitions:
    """The transitions of one incident."""

    def __init__(self, history: History) -> None:
        self._history = history

    def on_get(self, _req: falcon.Request, resp: falcon.Response, ident: str) -> None:
        """Oldest first."""
        resp.media = _transitions(self._history, self._history.incident(checked('id', ident, INCIDENT)).id)


class IncidentServers:
    """The servers of one incident."""

    def __init__(self, history: History) -> None:
        self._history = history

    def on_get(self, _req: falcon.Request, resp: falcon.Response, ident: str) -> None:
        """The book, in the order in which the servers are moved, and its sum in words."""
        resp.media = _servers(self._history, self._history.incident(checked('id', ident, INCIDENT)).id)


def _transitions(history: History, incident: str) -> dict[str, Any]:
    return {'transitions': [views.transition(row) for row in history.transitions(incident)]}


def _servers(history: History, incident: str) -> dict[str, Any]:
    entries = history.entries(incident)
    return {'summary': summary(entries), 'servers': [views.server(entry) for entry in entries]}
