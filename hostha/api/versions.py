"""/ and /v1.0: the version documents that OpenStack clients look for."""

from typing import Any

import falcon

VERSION: dict[str, Any] = {'id': 'v1.0', 'status': 'CURRENT', 'links': [{'rel': 'self', 'href': '/v1.0'}]}


class Versions:
    """Every version that is served."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """There is one."""
        resp.media = {'versions': [VERSION]}


class Version:
    """This version."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Its document."""
        resp.media = {'version': VERSION}
