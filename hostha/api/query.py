"""Query parameters: unknown ones are refused on every path, for a misspelt filter would otherwise select everything."""

import re
from typing import Any

import falcon

from hostha.api.form import Form, Rule
from hostha.exceptions import BadRequest

MOST = 1000
"""Items that one answer may have."""

_BOOLEAN = Rule(re.compile('true|false'), 'true or false, given once')
_NUMBER = Rule(re.compile(r'0*([1-9][0-9]{0,2}|1000)'), f'a number from 1 to {MOST}, given once')


class KnownParameters:
    """Middleware: refuses parameters that the resource does not name in its attribute ``parameters``."""

    def process_resource(self, req: falcon.Request, _resp: falcon.Response, resource: object, _params: dict[str, Any]) -> None:
        """See the class. Raises BadRequest."""
        known = getattr(resource, 'parameters', ())
        surplus = sorted(set(req.params) - set(known))
        if surplus:
            words = f'there is no such parameter here; there are: {", ".join(known) or "none"}'
            raise BadRequest(f'unknown query parameters: {", ".join(surplus)}', dict.fromkeys(surplus, words))


def boolean(form: Form, field: str) -> bool:
    """A parameter that is ``true`` or ``false``; false if it is not given."""
    return form.text(field, _BOOLEAN, 'false') == 'true'


def limit(form: Form) -> int:
    """How many items the caller wants at most: 1 to MOST, 100 if not given."""
    return int(form.text('limit', _NUMBER, '100') or 1)
