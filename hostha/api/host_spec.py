"""From an operator's input to a HostSpec."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from hostha.api.form import ANY, NAME, Form
from hostha.core.fencing import check_levels
from hostha.core.model import HostSpec, LevelSpec

MOST_LEVELS = 16
"""Fencing levels that a host may have of its own."""


def host_spec(form: Form, base: HostSpec | None, networks: Sequence[str]) -> HostSpec:
    """What ``form`` says of a host; what it leaves out stays as in ``base``, whose name is fixed. None: a new host.

    A level's secrets are never taken over from ``base`` when the levels are given: whoever points a level at another address has to
    know them. Raises BadRequest for everything that is wrong.
    """
    name = _name(form, base)
    base = base or HostSpec(name)
    spec = HostSpec(name, ha_enabled=form.flag('ha_enabled', base.ha_enabled), fencing=_levels(form, base.fencing),
                    addresses=_addresses(form, base.addresses, networks))
    form.check()
    if spec.fencing is not base.fencing:
        check_levels(spec.fencing)
    return spec


def _name(form: Form, base: HostSpec | None) -> str:
    name = form.text('name', NAME, base.name if base else None)
    if base is not None and name != base.name:
        form.wrong('name', f'it has to be {base.name}, as in the path: a host cannot be renamed')
    return name


def _addresses(form: Form, base: Mapping[str, str], networks: Sequence[str]) -> Mapping[str, str]:
    given = form.texts('addresses', base)
    return base if given is base else {network: _address(form, network, text, networks) for network, text in given.items()}


def _address(form: Form, network: str, text: str, networks: Sequence[str]) -> str:
    """The address in its usual spelling."""
    if network not in networks:
        form.wrong(f'addresses.{network}', f'there is no such network; there are: {", ".join(networks)}')
        return text
    try:
        address = ip_address(text)
    except ValueError:
        form.wrong(f'addresses.{network}', 'it has to be an IPv4 or IPv6 address')
        return text
    # a scope (fe80::1%eth0) may hold any characters, and is another one on each controller
    if address.is_multicast or address.is_unspecified or '%' in text:
        form.wrong(f'addresses.{network}', 'it has to be the address of one host, without a scope')
    return str(address)


def _levels(form: Form, base: tuple[LevelSpec, ...]) -> tuple[LevelSpec, ...]:
    levels = form.forms('fencing', MOST_LEVELS)
    return base if levels is None else tuple(_level(level) for level in levels)


def _level(form: Form) -> LevelSpec:
    level = LevelSpec(form.text('level', ANY), form.texts('options', {}), form.texts('secrets', {}))
    form.close()
    return level
