"""The fork server of the compute hosts: Nova is imported once, each host is a fork that runs the real nova-compute.

Asked over ``run/computes.sock``: a host's name on one line, to be started; answered with a line once it is on record.
A host is a process of its own, in a session of its own; only the imported code is shared.
"""

import gc
import os
import random
import signal
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path

from tests.beds.processes import Process

DIRECTORY = Path(os.environ['HOSTHA_BED'])
_IMPORTED_ONCE = (
    'nova.cmd.compute',  # first: it chooses native threads over eventlet
    'keystoneauth1.identity', 'kombu.transport.pyamqp', 'oslo_messaging._drivers.impl_rabbit',
    'nova.compute.manager', 'nova.image.glance', 'nova.network.neutron', 'nova.scheduler.client.report', 'nova.volume.cinder',
)


def main() -> None:
    """Import what every host needs, then start hosts as asked, for ever."""
    sys.argv = ['nova-compute']  # Nova reads its configuration from here already while it is imported
    for name in _IMPORTED_ONCE:
        import_module(name)
    sys.modules['nova.virt.bed'] = import_module('tests.beds.openstack.inside.driver')  # Nova looks below nova.virt only
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the hosts
    gc.collect()
    gc.freeze()  # keeps the shared pages shared
    path = DIRECTORY / 'run' / 'computes.sock'
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        while True:
            _serve_one(listener)


def _serve_one(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile('rw') as stream:
        host = stream.readline().strip()
        if not (child := os.fork()):
            _become(host, listener, connection)
        if process := Process.of(child):
            process.record(DIRECTORY / 'run' / 'processes' / host)
        stream.write('started\n')


def _become(host: str, *inherited: socket.socket) -> None:
    """The rest of the life of a forked child; never returns."""
    try:
        for connection in inherited:
            os.close(connection.fileno())
        _prepare(host)
        import_module('nova.cmd.compute').main()
    except BaseException:  # noqa: BLE001 - nothing may unwind into the server's own frames
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


def _prepare(host: str) -> None:
    """Turn the copy of the server into a process that nova-compute would find itself in."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(DIRECTORY / 'log' / f'{host}.log', os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    random.seed()
    nova = DIRECTORY / 'etc' / 'nova'
    sys.argv = ['nova-compute', f'--config-file={nova}/nova-compute.conf', f'--config-file={nova}/hosts/{host}.conf']


if __name__ == '__main__':
    main()
