"""From an operator's input to what is entered for a host."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from hostha.api.form import ANY, NAME, Form
from hostha.core.fencing import check_levels
from hostha.core.model import HostSpec, LevelSpec

MOST_LEVELS = 16
"""Fencing levels that a host may have of its own."""


def new_host(form: Form, networks: Sequence[str]) -> HostSpec:
    """The host that ``form`` describes. Raises BadRequest for everything that is wrong."""
    name = form.text('name', NAME)
    return HostSpec(name, **_given(form, networks))


def changes(form: Form, name: str, networks: Sequence[str]) -> dict[str, Any]:
    """What ``form`` says of the host ``name``, by the fields of HostSpec; those that it leaves out are missing.

    A level's secrets are given with it or not at all: whoever points a level at another address has to know them. Raises BadRequest
    for everything that is wrong.
    """
    if form.text('name', NAME, name) != name:
        form.wrong('name', f'it has to be {name}, as in the path: a host cannot be renamed')
    return _given(form, networks)


def _given(form: Form, networks: Sequence[str]) -> dict[str, Any]:
    ha_enabled, fencing, addresses = form.flag('ha_enabled'), _levels(form), _addresses(form, networks)
    form.check()
    check_levels(fencing or ())
    fields = {'ha_enabled': ha_enabled, 'fencing': fencing, 'addresses': addresses}
    return {field: value for field, value in fields.items() if value is not None}


def _addresses(form: Form, networks: Sequence[str]) -> Mapping[str, str] | None:
    given = form.texts('addresses')
    return None if given is None else {network: _address(form, network, text, networks) for network, text in given.items()}


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


def _levels(form: Form) -> tuple[LevelSpec, ...] | None:
    levels = form.forms('fencing', MOST_LEVELS)
    return None if levels is None else tuple(_level(level) for level in levels)


def _level(form: Form) -> LevelSpec:
    level = LevelSpec(form.text('level', ANY), form.texts('options') or {}, form.texts('secrets') or {})
    form.close()
    return level
