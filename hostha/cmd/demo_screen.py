"""What the demo shows: a live table on a terminal, lines elsewhere, and the summary."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hostha.core.book import Entry, Phase
from hostha.core.model import HostRecord
from hostha.core.states import State
from hostha.ports import Transition

COLOURS = {State.ACTIVE: 'green', State.SUSPECT: 'yellow', State.ISOLATED: 'dark_orange', State.FENCED: 'red',
           State.EVACUATING: 'magenta', State.RECOVERED: 'cyan', State.MAINTENANCE: 'blue', State.ERROR: 'bold red'}


@dataclass(frozen=True, slots=True)
class Facts:
    """The cloud and hostha at one moment. elapsed: simulated seconds. lost_at: wall time of the first loss. homes: server -> the host
    that Nova shows. running: every guest that truly runs, once for each host. servers: all servers."""

    elapsed: float
    lost_at: float
    hosts: Sequence[str]
    records: Mapping[str, HostRecord]
    transitions: Mapping[str, Sequence[Transition]]
    books: Mapping[str, Sequence[Entry]]
    homes: Mapping[str, str]
    running: Sequence[str]
    servers: Sequence[str]

    @property
    def moved(self) -> list[Entry]:
        """The servers that were moved."""
        return [entry for book in self.books.values() for entry in book if entry.phase is Phase.MOVED]

    @property
    def doubled(self) -> list[str]:
        """The servers that run twice."""
        return [server for server, count in Counter(self.running).items() if count > 1]

    @property
    def lost(self) -> list[str]:
        """The servers that run nowhere."""
        return sorted(set(self.servers) - set(self.running))


class Screen:
    """Shows facts as they come."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console, self._live = console, live
        self._told = 0

    def __call__(self, facts: Facts) -> None:
        """Show the present moment."""
        if self._live is not None:
            self._live.update(Group(_table(facts), _progress(facts)))
        else:
            self._tell(facts)

    def say(self, words: str) -> None:
        """One line."""
        self._console.print(words, highlight=False, soft_wrap=True)

    def _tell(self, facts: Facts) -> None:
        rows = _story(facts)
        for row in rows[self._told:]:
            self.say(_line(row, facts))
        self._told = len(rows)

    def summary(self, facts: Facts, speed: float) -> None:
        """The end of the story."""
        if self._live is not None:
            self._live.stop()
        self._tell(facts)
        table = Table(title=f'What hostha did (seconds after the first loss; time runs {speed:g} times as fast here)')
        for column in ('host', 'detected', 'confirmed', 'fenced', 'last server moved', 'back in service', 'state', 'servers'):
            table.add_column(column)
        for host in facts.transitions:
            table.add_row(*_row(host, facts))
        self._console.print(table)
        self.say(f'servers: {len(facts.servers)} in all, {len(facts.moved)} moved, {len(facts.lost)} lost, {len(facts.doubled)} doubled')


@contextmanager
def open_screen(address: str) -> Iterator[Screen]:
    """A live table on a terminal, plain lines elsewhere. address: of the API, to be told."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(f'hostha demo: 20 hosts with 10 servers each; the API answers at {address}/v1.0/hosts', highlight=False)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8, transient=True) as live:
            yield Screen(console, live)
    else:
        yield Screen(console, None)


def _story(facts: Facts) -> list[Transition]:
    return sorted((row for rows in facts.transitions.values() for row in rows), key=lambda row: row.id)


def _line(row: Transition, facts: Facts) -> str:
    return f'{row.at - facts.lost_at:7.1f} s  {row.host}  {row.before} -> {row.after}: {row.reason}'


def _table(facts: Facts) -> Table:
    table = Table(title=f'{facts.elapsed:.0f} s', expand=False)
    for column in ('host', 'state', 'networks', 'servers', 'why'):
        table.add_column(column, no_wrap=True)
    counts = Counter(facts.homes.values())
    for host in facts.hosts:
        record = facts.records[host]
        state = Text(record.state, style=COLOURS[record.state])
        table.add_row(host, state, record.pattern or '111', str(counts[host]), record.reason[:70])
    return table


def _progress(facts: Facts) -> Table:
    entries = [entry for book in facts.books.values() for entry in book]
    grid = Table.grid(padding=1)
    grid.add_row('servers moved', ProgressBar(total=max(len(entries), 1), completed=len(facts.moved), width=40),
                 f'{len(facts.moved)} of {len(entries)}; doubled: {len(facts.doubled)}')
    return grid


def _row(host: str, facts: Facts) -> list[str]:
    rows, book = facts.transitions[host], facts.books[host]
    moved = [entry.ended_at for entry in book if entry.phase is Phase.MOVED]
    return [host, *(_when(rows, state, facts) for state in (State.SUSPECT, State.ISOLATED, State.FENCED)),
            f'{max(moved) - facts.lost_at:.1f}' if moved else '-', _when(rows, State.ACTIVE, facts), facts.records[host].state,
            f'{len(moved)} of {len(book)} moved']


def _when(rows: Sequence[Transition], state: State, facts: Facts) -> str:
    times = [row.at for row in rows if row.after == state and row.before != state]
    return f'{times[0] - facts.lost_at:.1f}' if times else '-'
