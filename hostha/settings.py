"""The frozen settings that conf/ makes of the configuration and cmd/ hands down. Seconds unless the name says otherwise.

Relations between them are checked once, in conf/; the defaults here are the product's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hostha.core.brakes import Limits
from hostha.core.model import NETWORKS, LevelSpec
from hostha.core.policy import RESPONSES_3
from hostha.core.states import Response


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a loss is confirmed. check_interval, check_retry: the operator's host_check_interval and host_check_retry."""

    networks: tuple[str, ...] = NETWORKS
    check_interval: float = 10.0
    check_retry: int = 3
    responses: Mapping[str, Response] = field(default_factory=lambda: dict(RESPONSES_3))
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a lost host is recovered.

    recovery_attempts: tries of fencing, and of evacuation, in all; 1 if multiple_recovery is off. recovery_pause: before the second
    try; doubles with each further one. levels: the fencing levels of hosts that have none of their own, in order. fence_timeout: for
    one level, from its order to the read-back. fence_poll: between two looks at the power. evacuate_retry_count: tries a server.
    evacuate_retry_interval: before the second try of a server; grows by half with each further one.
    follow_interval: between two looks at the servers of a host. readmit_timeout: for a returned host to become fit for service.
    """

    recovery_attempts: int = 3
    recovery_pause: float = 10.0
    levels: tuple[LevelSpec, ...] = (LevelSpec('operator'),)
    fence_timeout: float = 60.0
    fence_poll: float = 3.0
    evacuate_retry_count: int = 3
    evacuate_retry_interval: float = 10.0
    max_parallel_evacuations: int = 10
    servers_per_flow: int = 100
    follow_interval: float = 2.0
    readmit_timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """One engine. name: unique among the engines. lease: seconds for which a claim outlives its engine. workers: threads for calls to
    the outside. max_incidents: flows in flight at once. max_claims: claims of an incident without any progress in between after which
    it goes to the operator instead of round and round."""

    name: str
    lease: float = 15.0
    workers: int = 16
    max_incidents: int = 1000
    max_claims: int = 10


@dataclass(frozen=True, slots=True)
class ConsulSettings:
    """servers: network -> (address, port) of each controller there. timeout: of one call. token: ACL token, '' for none."""

    servers: Mapping[str, tuple[tuple[str, int], ...]]
    timeout: float = 5.0
    token: str = field(default='', repr=False)


@dataclass(frozen=True, slots=True)
class NovaSettings:
    """The credentials of hostha in Keystone, and where Nova is. timeout: of one call."""

    auth_url: str
    username: str
    password: str = field(repr=False)
    project_name: str = 'service'
    user_domain_name: str = 'Default'
    project_domain_name: str = 'Default'
    region_name: str | None = None
    interface: str = 'public'
    cafile: str | None = None
    insecure: bool = False
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """connection: SQLAlchemy URL. key_file: file with the Fernet keys for secrets, newest first, one a line; '' for none."""

    connection: str = field(repr=False)
    key_file: str = ''


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the API listens. max_body: bytes of a request's body. threads: of the HTTP server."""

    host: str = '127.0.0.1'
    port: int = 13306
    threads: int = 8
    max_body: int = 65536


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything."""

    judgement: Judgement
    recovery: Recovery
    engine: EngineSettings
    consul: ConsulSettings
    nova: NovaSettings
    database: DatabaseSettings
    api: ApiSettings
