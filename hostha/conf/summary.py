"""What the configuration comes to, in words: for an operator who wants to know before it counts."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from hostha.core.model import LevelSpec
from hostha.core.states import Response
from hostha.settings import Judgement, Recovery, Settings

_WORDS = {Response.NONE: 'nothing', Response.NOTIFY: 'tell the operator', Response.WITHDRAW: 'no new servers on it',
          Response.FENCE: 'make sure that it is off, then evacuate its servers'}


def describe(settings: Settings) -> list[str]:
    """What would be watched and done, a line each; no secrets."""
    return [*_networks(settings), *_judgement(settings.judgement), *_recovery(settings.recovery), *_surroundings(settings)]


def _networks(settings: Settings) -> Iterator[str]:
    for network, servers in settings.consul.servers.items():
        yield f'network {network}: Consul at {", ".join(f"{address} port {port}" for address, port in servers)}'


def _judgement(judgement: Judgement) -> Iterator[str]:
    least = (judgement.check_retry - 1) * judgement.check_interval
    yield (f'a loss counts when {judgement.check_retry} checks in a row, {judgement.check_interval:g} s apart, have found it: '
           f'{least:g} s at least after Consul has reported it')
    for pattern, response in sorted(judgement.responses.items(), reverse=True):
        yield f'{" ".join(_network_words(judgement.networks, pattern))}: {_WORDS[response]}'
    yield f'if more than {judgement.limits.max_evacuation} hosts are lost at once, none of them is fenced'


def _network_words(networks: tuple[str, ...], pattern: str) -> Iterator[str]:
    return (f'{network} {"up" if bit == "1" else "down"}' for network, bit in zip(networks, pattern, strict=True))


def _recovery(recovery: Recovery) -> Iterator[str]:
    yield (f'fencing levels of a host that has none of its own: {", then ".join(map(_level, recovery.levels))}; '
           f'{recovery.fence_timeout:g} s each, the power is looked at every {recovery.fence_poll:g} s')
    yield (f'tries of fencing, and of evacuation, before an operator is needed: {recovery.recovery_attempts}'
           + (f', the second after {recovery.recovery_pause:g} s' if recovery.recovery_attempts > 1 else ''))
    yield (f'evacuation: {recovery.max_parallel_evacuations} servers of a host at the same time, {recovery.evacuate_retry_count} tries '
           f'each, {recovery.evacuate_retry_interval:g} s apart and growing')


def _level(spec: LevelSpec) -> str:
    shown = [f'{name}={value}' for name, value in spec.options.items()] + [f'{name}=***' for name in spec.secrets]
    return f'{spec.level} ({" ".join(shown)})' if shown else spec.level


def _surroundings(settings: Settings) -> Iterator[str]:
    nova, engine, api = settings.nova, settings.engine, settings.api
    yield (f'Nova: as {nova.username} in {nova.project_name}, Keystone at {_without_user(nova.auth_url)}, '
           f'region {nova.region_name or "the only one"}')
    yield f'database: {make_url(settings.database.connection).render_as_string(hide_password=True)}'
    yield f'engine {engine.name}: {engine.workers} workers, a lease of {engine.lease:g} s'
    yield f'API: {api.host} port {api.port}'


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()
