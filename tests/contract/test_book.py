"""ports.Book on every database."""

from dataclasses import replace
from functools import partial

import pytest

from hostha.core.book import Entry, Phase
from hostha.exceptions import NotFound
from tests.contract.incidents import at_once

ENTRIES = [Entry('alpha.1', f'server-{letter}', f'name {letter} 🐘', 'active', 'alpha') for letter in 'cab']


def test_entries_keep_their_order(database) -> None:
    database.book.add(ENTRIES[:2])
    database.book.add(ENTRIES[2:])
    assert database.book.entries('alpha.1') == ENTRIES
    assert database.book.entries('alpha.2') == []


def test_an_entry_is_saved_whole(database) -> None:
    database.book.add(ENTRIES)
    saved = replace(ENTRIES[1], phase=Phase.ORDERED, attempts=2, floor=2**40, ordered_at=1.5, answered=True, destination='beta',
                    reason='weil', started_at=2.25, ended_at=3.125)
    database.book.save(saved)
    assert database.book.entries('alpha.1') == [ENTRIES[0], saved, ENTRIES[2]]
    assert database.history.entries('alpha.1') == database.book.entries('alpha.1')


def test_what_is_on_the_book_is_not_added_again(database) -> None:
    ordered = replace(ENTRIES[0], phase=Phase.ORDERED, attempts=1)
    database.book.add([ordered])
    database.book.add(ENTRIES)
    assert database.book.entries('alpha.1') == [ordered, *ENTRIES[1:]]


def test_one_server_may_be_on_the_book_of_two_incidents(database) -> None:
    later = replace(ENTRIES[0], incident='beta.1', source='beta')
    database.book.add([ENTRIES[0], later])
    database.book.save(replace(later, phase=Phase.MOVED))
    assert [entry.phase for entry in database.book.entries('alpha.1')] == [Phase.PENDING]


def test_nothing_to_add(database) -> None:
    database.book.add([])
    assert database.book.entries('alpha.1') == []


def test_only_what_is_on_the_book_can_be_saved(database) -> None:
    with pytest.raises(NotFound):
        database.book.save(ENTRIES[0])


def test_entries_saved_at_the_same_time(database) -> None:
    servers = [replace(ENTRIES[0], server=f'server-{number}') for number in range(8)]
    database.book.add(servers)
    moved = [replace(entry, phase=Phase.MOVED) for entry in servers]
    assert at_once(*(partial(database.book.save, entry) for entry in moved)) == [None] * 8
    assert database.book.entries('alpha.1') == moved
