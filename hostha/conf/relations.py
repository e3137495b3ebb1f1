"""The rules that hold between options, each with its reason."""

from collections import Counter

from hostha.core.book import LOST_ORDER_AFTER
from hostha.core.policy import SKEW
from hostha.exceptions import ConfigError
from hostha.settings import ConsulSettings, EngineSettings, Judgement, NovaSettings, Recovery, Settings


def check(settings: Settings) -> None:
    """Raises ConfigError for the first rule that is broken."""
    _confirmed_after_the_skew(settings.judgement)
    _no_agent_twice(settings.consul)
    _power_is_looked_at(settings.recovery)
    _lease_outlives_a_look(settings.engine, settings.consul)
    _answer_comes_before_doubt_ends(settings.nova)


def _confirmed_after_the_skew(judgement: Judgement) -> None:
    """The networks of one dead host turn critical up to SKEW apart, and the pattern of the last check is acted on."""
    if (judgement.check_retry - 1) * judgement.check_interval < SKEW:
        raise ConfigError(
            '[compute_ha] host_check_interval', f'{judgement.check_interval:g}, with host_check_retry = {judgement.check_retry}',
            f'(host_check_retry - 1) * host_check_interval has to be at least {SKEW:g} s: the networks of one dead host fail up to '
            'that far apart, and a faster confirmation could take a dead host for one that lost a network')


def _no_agent_twice(consul: ConsulSettings) -> None:
    """An agent that is entered twice would pass for two witnesses."""
    agents = Counter(agent for controllers in consul.servers.values() for agent in controllers)
    (address, port), times = agents.most_common(1)[0]
    if times > 1:
        raise ConfigError('[compute_ha] consul_servers', address,
                          f'each Consul agent stands there once; the one at {address} port {port} stands there {times} times')


def _power_is_looked_at(recovery: Recovery) -> None:
    """The power is read back after the order, at least once before the level is given up."""
    if recovery.fence_poll >= recovery.fence_timeout:
        raise ConfigError('[fencing] fence_poll', f'{recovery.fence_poll:g}',
                          f'it has to be less than fence_timeout, which is {recovery.fence_timeout:g} s')


def _lease_outlives_a_look(engine: EngineSettings, consul: ConsulSettings) -> None:
    """An engine that waits for one dead Consul agent has to renew its lease in time, with a third of it kept as a margin."""
    if engine.lease < 2 * consul.timeout:
        raise ConfigError('[engine] lease', f'{engine.lease:g}',
                          f'it has to be at least twice consul_timeout, which is {consul.timeout:g} s: '
                          'else an engine loses its incidents while it waits for a Consul agent')


def _answer_comes_before_doubt_ends(nova: NovaSettings) -> None:
    """Without a trace of a call in Nova it is taken as never received after LOST_ORDER_AFTER, and may be sent again: not before it
    has certainly ended."""
    if 2 * nova.timeout > LOST_ORDER_AFTER:
        raise ConfigError('[nova] timeout', f'{nova.timeout:g}',
                          f'it may be {LOST_ORDER_AFTER / 2:g} s at most: an order of which Nova shows no trace is taken as lost after '
                          f'{LOST_ORDER_AFTER:g} s, and must not still be under way then')
