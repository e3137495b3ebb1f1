"""``no_network.py PORT``: a Neutron that has nothing, in place of the real one.

Nova asks Neutron for the ports of every VM that it lists, builds or moves, also of those without a network, and fails
without an answer. Here each list is empty, and there is nothing that could be changed.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Empty(BaseHTTPRequestHandler):
    """One connection; kept open between requests as the real one is."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        """``/v2.0/ports`` is answered with ``{"ports": []}``, and so is every other list."""
        name = urlsplit(self.path).path.rsplit('/', 1)[-1].removesuffix('.json')
        body = json.dumps({name: []}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == '__main__':
    ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Empty).serve_forever()
