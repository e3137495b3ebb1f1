"""A MariaDB server of the tests' own."""

from tests.beds.mariadb.server import MariaDB

__all__ = ['MariaDB']
