"""Reading an operator's input: all wrong fields are named at once, each with what would be right, before anything is changed."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from hostha.exceptions import BadRequest

_ABSENT = object()


class Rule(NamedTuple):
    """What a text has to look like; ``words`` complete "it has to be"."""

    pattern: re.Pattern[str]
    words: str


# neither control characters nor line ends, for texts go to logs by the line; nor lone surrogates, which have no UTF-8 form
_PLAIN = r'[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]'

NAME = Rule(re.compile(r'(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,255}'), 'a host name: 1 to 255 of A-Z a-z 0-9 . _ -')
INCIDENT = Rule(re.compile(r'[A-Za-z0-9._-]{1,300}'), 'the id of an incident')
ORDER = Rule(re.compile(r'[1-9][0-9]{0,17}'), 'the id of an order: a number')
ANY = Rule(re.compile('.*', re.DOTALL), 'a text')
SENTENCE = Rule(re.compile(rf'(?=.*\S){_PLAIN}{{1,1000}}'), 'a text of 1 to 1000 characters in one line')
PERSON = Rule(re.compile(rf'(?=.*\S){_PLAIN}{{1,255}}'), 'a text of 1 to 255 characters in one line')


def checked(field: str, value: str, rule: Rule) -> str:
    """``value``, if it obeys ``rule``; else BadRequest for ``field``."""
    form = Form({field: value})
    form.text(field, rule)
    form.check()
    return value


class Form:
    """The fields of one object that somebody sent.

    Each method takes one field, notes what is wrong with it and then returns a stand-in; check() ends the reading. errors: field -> what
    is wrong, shared with the forms inside this one. at: where this form is inside the outermost one.
    """

    def __init__(self, given: Mapping[str, Any], errors: dict[str, str] | None = None, at: str = '') -> None:
        self._given, self._at = given, at
        self._errors = {} if errors is None else errors
        self._asked: list[str] = []

    def wrong(self, field: str, words: str) -> None:
        """Note what is wrong with a field."""
        self._errors[self._at + field] = words

    def text(self, field: str, rule: Rule, default: str | None = None) -> str:
        """A text that obeys ``rule``; it has to be given unless there is a default."""
        value = self._take(field)
        if value is _ABSENT and default is not None:
            return default
        if isinstance(value, str) and rule.pattern.fullmatch(value):
            return value
        self.wrong(field, f'{"it is missing; " if value is _ABSENT else ""}it has to be {rule.words}')
        return ''

    def flag(self, field: str) -> bool | None:
        """A JSON boolean, None if it is not given; neither a number nor a text passes for one."""
        value = self._take(field)
        if isinstance(value, bool):
            return value
        if value is not _ABSENT:
            self.wrong(field, 'it has to be true or false')
        return None

    def texts(self, field: str) -> Mapping[str, str] | None:
        """An object of texts, of any names and content: what they may be is for the caller to check. None if it is not given."""
        value = self._take(field)
        if value is _ABSENT:
            return None
        if not isinstance(value, dict):
            self.wrong(field, 'it has to be an object: {"name": "text"}')
            return {}
        inside = Form(value, self._errors, f'{self._at}{field}.')
        return {key: inside.text(key, ANY) for key in value}

    def forms(self, field: str, most: int) -> 'list[Form] | None':
        """A list of at most ``most`` objects; None if it is not given."""
        value = self._take(field)
        if value is _ABSENT:
            return None
        if not isinstance(value, list) or len(value) > most or not all(isinstance(item, dict) for item in value):
            self.wrong(field, f'it has to be a list of at most {most} objects')
            return []
        return [Form(item, self._errors, f'{self._at}{field}[{index}].') for index, item in enumerate(value)]

    def close(self) -> None:
        """Note the fields that nobody has asked for."""
        for field in self._given.keys() - set(self._asked):
            self.wrong(field, f'there is no such field; there are: {", ".join(self._asked)}')

    def check(self) -> None:
        """Close the outermost form. Raises BadRequest if anything was wrong in it or inside it."""
        self.close()
        if self._errors:
            raise BadRequest(f'not accepted, and nothing was changed: {", ".join(sorted(self._errors))}', self._errors)

    def _take(self, field: str) -> Any:
        self._asked.append(field)
        return self._given.get(field, _ABSENT)
