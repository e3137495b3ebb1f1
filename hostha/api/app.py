"""The application: the whole API is the route table below."""

from collections.abc import Sequence

import falcon

from hostha.api import errors, media
from hostha.api.actions import HostAction
from hostha.api.engines import Engines
from hostha.api.health import Alive, Ready
from hostha.api.hosts import Host, Hosts
from hostha.api.incidents import Incident, Incidents, IncidentServers, IncidentTransitions
from hostha.api.orders import HostOrders, OneOrder
from hostha.api.query import KnownParameters
from hostha.api.versions import Version, Versions
from hostha.ports import Clock, History, Registry
from hostha.settings import ApiSettings


def create_app(registry: Registry, history: History, settings: ApiSettings, clock: Clock, networks: Sequence[str]) -> falcon.App:
    """The API as a WSGI application, ready for any number of threads.

    settings: of these, ``max_body`` counts here. clock: tells how long open incidents last. networks: those that a host may have an
    address on, in the order of patterns.
    """
    read = media.Reader(settings.max_body)
    routes = [
        ('/',                                    Versions()),
        ('/healthz',                             Alive()),
        ('/readyz',                              Ready(history)),
        ('/v1.0',                                Version()),
        ('/v1.0/hosts',                          Hosts(registry, read, networks)),
        ('/v1.0/hosts/{name}',                   Host(registry, read, networks)),
        ('/v1.0/hosts/{name}/actions/{action}',  HostAction(registry, read)),
        ('/v1.0/hosts/{name}/orders',            HostOrders(registry, history)),
        ('/v1.0/orders/{ident}',                 OneOrder(history)),
        ('/v1.0/incidents',                      Incidents(history, clock)),
        ('/v1.0/incidents/{ident}',              Incident(history, clock)),
        ('/v1.0/incidents/{ident}/transitions',  IncidentTransitions(history)),
        ('/v1.0/incidents/{ident}/servers',      IncidentServers(history)),
        ('/v1.0/engines',                        Engines(history)),
    ]
    # authentication belongs here, before all other middleware: it sees each request first, /healthz and /readyz excepted
    app = falcon.App(middleware=[KnownParameters()])
    app.req_options.strip_url_path_trailing_slash = True
    media.install(app)
    errors.install(app)
    for path, resource in routes:
        app.add_route(path, resource)
    return app
