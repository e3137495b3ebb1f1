"""Types of option values: those of oslo.config, which do not allow a comment behind a value as old files have it, and some of ours.

Each raises ValueError with the rule that a value breaks.
"""

import ast
import math
import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from oslo_config import types

_COMMENT = re.compile(r'(?:^|\s)#.*', re.DOTALL)


def without_comment(value: str) -> str:
    """``10  # seconds`` is ``10``. A comment begins the value or follows white space: ``a#b`` has none."""
    return _COMMENT.sub('', value).strip()


class Commented(types.ConfigType):
    """A value of the type ``inner``, never empty, with or without a comment behind it."""

    def __init__(self, inner: types.ConfigType) -> None:
        super().__init__(type_name=inner.type_name)
        self.inner = inner
        # what the generator of the sample file looks for
        self.min, self.max = getattr(inner, 'min', None), getattr(inner, 'max', None)
        self.choices = getattr(inner, 'choices', None)

    def __call__(self, value: Any) -> Any:
        """The value, without its comment."""
        if isinstance(value, str):
            value = without_comment(value)
            if not value:
                raise ValueError('a value is missing')
        return self.inner(value)

    def _formatter(self, value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)


class _Finite(types.Float):
    """A number that is neither infinite nor NaN, which no bound would stop."""

    def __call__(self, value: Any) -> Any:
        number = super().__call__(value)
        if number is not None and not math.isfinite(number):
            raise ValueError('a finite number is needed')
        return number


def integer(least: int, most: int) -> Commented:
    """A whole number within bounds."""
    return Commented(types.Integer(min=least, max=most))


def seconds(least: float, most: float) -> Commented:
    """A number of seconds within bounds; fractions are allowed."""
    return Commented(_Finite(min=least, max=most, type_name='seconds'))


def boolean() -> Commented:
    """true or false, in the spellings that oslo.config knows."""
    return Commented(types.Boolean())


def choice(**words: str) -> Commented:
    """One of these words, each with what it means."""
    return Commented(types.String(choices=list(words.items())))


def port() -> Commented:
    """A port that can be listened on or connected to."""
    return Commented(types.Port(min=1))


class Words(types.ConfigType):
    """Words with commas between them, in order; without repetition."""

    def __init__(self) -> None:
        super().__init__(type_name='list of words')

    def __call__(self, value: str | Sequence[str]) -> tuple[str, ...]:
        """The words."""
        given = without_comment(value).split(',') if isinstance(value, str) else value
        words = tuple(word.strip() for word in given)
        if not all(words):
            raise ValueError('words with commas between them are needed')
        if len(set(words)) < len(words):
            raise ValueError('each word may stand there once')
        return words

    def _formatter(self, value: Any) -> str:
        return ', '.join(value)


class Pairs(types.ConfigType):
    """``name=value`` pairs with commas between them; ``sign`` stands for the ``=``. Empty: no pairs."""

    def __init__(self, sign: str) -> None:
        super().__init__(type_name=f'list of name{sign}value')
        self.sign = sign

    def __call__(self, value: Any) -> dict[str, str]:
        """The pairs."""
        if not isinstance(value, str):
            return dict(value)
        text = without_comment(value)
        pairs: dict[str, str] = {}
        for part in text.split(',') if text else ():
            name, sign, what = (piece.strip() for piece in part.partition(self.sign))
            if not name or not sign:
                raise ValueError(f'name{self.sign}value pairs with commas between them are needed')
            if name in pairs:
                raise ValueError(f'{name} stands there twice')
            pairs[name] = what
        return pairs

    def _formatter(self, value: Any) -> str:
        return ','.join(f'{name}{self.sign}{what}' for name, what in value.items())


class Listing(types.ConfigType):
    """A list as Python or JSON writes it: ``['a', "b"]``, ``[[1, 2], [3, 4]]``; read as data, never evaluated.

    item: the check of one item, which may change it.
    """

    def __init__(self, item: types.ConfigType, type_name: str) -> None:
        super().__init__(type_name=type_name)
        self.item = item

    def __call__(self, value: Any) -> tuple[Any, ...]:
        """The items, each checked."""
        given = self._read(value) if isinstance(value, str) else value
        if not isinstance(given, list | tuple) or not given:
            raise ValueError(f'a {self.type_name} in brackets is needed')
        return tuple(self.item(one) for one in given)

    def _read(self, value: str) -> Any:
        try:
            return ast.literal_eval(value.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise ValueError(f'it cannot be read as a {self.type_name}') from None

    def _formatter(self, value: Any) -> str:
        return str([list(item) if isinstance(item, tuple) else item for item in value])


class Whole(types.Port):
    """A port in a Listing: a number, not a text that looks like one."""

    def __call__(self, value: Any) -> Any:
        if type(value) is not int:
            raise ValueError(f'{value!r} is not a port number')
        return super().__call__(value)


class Address(types.ConfigType):
    """The IP address of one host, in its usual spelling."""

    def __init__(self) -> None:
        super().__init__(type_name='IP address')

    def __call__(self, value: Any) -> str:
        """The address."""
        try:
            address = ip_address(value if isinstance(value, str) else '')
        except ValueError:
            raise ValueError(f'{value!r} is not an IP address') from None
        if address.is_unspecified or address.is_multicast:
            raise ValueError(f'{value!r} is not the address of one host')
        return str(address)

    def _formatter(self, value: Any) -> str:
        return str(value)
