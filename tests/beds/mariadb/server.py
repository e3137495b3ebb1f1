"""One MariaDB server in a directory of its own, on a Unix socket and a loopback port."""

import getpass
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.beds.command import BedError, run, wait_until
from tests.beds.mariadb import packages
from tests.beds.processes import Process
from tests.beds.requirements import find_program

PROGRAMS = {'mariadbd': 'mariadb-server', 'mariadb-install-db': 'mariadb-server', 'mariadb': 'mariadb-client'}
USER, PASSWORD = 'hostha', 'bed'

_CONFIGURATION = """\
[mysqld]
user = {user}
datadir = {directory}/data
socket = {directory}/socket
pid-file = {directory}/server.pid
init-file = {directory}/init.sql
bind-address = 127.0.0.1
port = {port}
skip-log-bin
skip-name-resolve
performance_schema = OFF
max_connections = 1000
innodb_buffer_pool_size = 128M
innodb_log_file_size = 16M
{durability}
"""
_DURABLE = 'innodb_flush_log_at_trx_commit = 1'
_FAST = 'innodb_flush_log_at_trx_commit = 0\ninnodb_flush_method = O_DIRECT_NO_FSYNC\ninnodb_doublewrite = OFF'
_GRANTS = f"""\
CREATE USER IF NOT EXISTS {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION;
"""


class MariaDB:
    """A server that keeps its data, socket and log below ``directory``, and can be started again on the same data.

    port     its port on 127.0.0.1; a free one is chosen if none is given, and kept for the life of this object.
    durable  a commit that was answered survives ``kill`` (InnoDB flushes each). False trades that for speed.
    """

    def __init__(self, directory: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.directory = directory.resolve()
        self.port = port or _free_port()
        self._durable = durable
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @staticmethod
    def reasons_against() -> list[str]:
        """Why no server can run on this machine, in plain sentences; empty if one can."""
        return packages.reasons(PROGRAMS)

    @property
    def data(self) -> Path:
        """The data directory: all that outlives the server. To be copied only while the server is down."""
        return self.directory / 'data'

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, over TCP."""
        return f'mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}'

    def up(self) -> None:
        """Start the server and wait until it answers; nothing if it runs. BedError, with the end of its log, if it does not."""
        if self.running():
            return
        packages.install(PROGRAMS)
        self._configure()
        with open(self.directory / 'log', 'ab') as log:
            argv = [find_program('mariadbd'), f'--defaults-file={self.directory}/my.cnf']
            self._server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        if process := Process.of(self._server.pid):
            process.record(self._record)
        wait_until(self._answers, f'MariaDB in {self.directory} answers', timeout=60)

    def down(self) -> None:
        """Shut the server down in order, by force after 30 seconds; nothing if it does not run."""
        if process := Process.recorded(self._record):
            process.signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except BedError:
                process.kill()
        self._forget()

    def kill(self) -> None:
        """SIGKILL: the server gets no chance to write anything more."""
        if process := Process.recorded(self._record):
            process.kill()
        self._forget()

    def running(self) -> bool:
        """Whether the server's process runs."""
        return Process.recorded(self._record) is not None

    def create_database(self, name: str, character_set: str = 'utf8mb4') -> None:
        """Create an empty database if there is none of this name."""
        self.execute(f'CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET {character_set}')

    def execute(self, sql: str, database: str = '') -> list[list[str]]:
        """Run statements as root over the socket. Returns the rows, each value as text. BedError with the server's words."""
        client = [find_program('mariadb'), '--no-defaults', '-uroot', f'-S{self.directory}/socket', '-N', '-B', database]
        return [line.split('\t') for line in run(client, stdin=sql).splitlines()]

    @property
    def _record(self) -> Path:
        return self.directory / 'process'

    def _configure(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / 'my.cnf').write_text(_CONFIGURATION.format(
            user=getpass.getuser(), directory=self.directory, port=self.port, durability=_DURABLE if self._durable else _FAST))
        (self.directory / 'init.sql').write_text(_GRANTS)
        if not self.data.exists():
            run([find_program('mariadb-install-db'), f'--defaults-file={self.directory}/my.cnf',
                 '--auth-root-authentication-method=normal', '--skip-test-db'])

    def _answers(self) -> bool:
        if not self.running():
            end = (self.directory / 'log').read_text(errors='replace')[-2000:]
            raise BedError(f'MariaDB in {self.directory} ended while starting: {end}')
        probe = [find_program('mariadb-admin'), '--no-defaults', '-uroot', f'-S{self.directory}/socket', 'ping']
        return subprocess.run(probe, check=False, capture_output=True).returncode == 0

    def _forget(self) -> None:
        self._record.unlink(missing_ok=True)
        if self._server:
            self._server.wait(timeout=10)
            self._server = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
    return port
