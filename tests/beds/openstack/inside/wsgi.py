"""``wsgi.py NAME MODULE PORT WORKERS``: serve one OpenStack API with gunicorn.

The WSGI modules of OpenStack parse ``sys.argv`` themselves when they are imported, so it has to be empty by then.
"""

import importlib
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

_THREADS = 16


class Server(BaseApplication):
    """gunicorn, with settings instead of a command line."""

    def __init__(self, module: str, port: int, workers: int) -> None:
        self._module, self._port, self._workers = module, port, workers
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn. Requests last as long as Nova needs; connections are kept for clients that poll."""
        settings = {
            'bind': f'127.0.0.1:{self._port}', 'workers': self._workers, 'worker_class': 'gthread', 'threads': _THREADS,
            'timeout': 600, 'keepalive': 75, 'limit_request_line': 0, 'loglevel': 'warning',
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called by gunicorn in each worker: the application."""
        return importlib.import_module(self._module).application


if __name__ == '__main__':
    name, module, port, workers = sys.argv[1:]
    sys.argv = [name]
    Server(module, int(port), int(workers)).run()
