"""One flow on a runner, on manual time and in one thread, with a database in memory and fakes of everything outside."""

from dataclasses import replace

from hostha.core.book import Entry, Evacuation, Server
from hostha.core.model import Power
from hostha.engine.loop import Loop, Workers
from hostha.engine.runner import FlowRunner
from hostha.ports import FlowSpec
from tests.unit import fakes

HOST, INCIDENT = 'h1', 'h1.1'
OPEN = []


class Bench:
    """Runs the flow ``factory`` of host h1 to its outcome. ports: those that it uses."""

    def __init__(self, factory, kwargs, *, entries=(), looks=(fakes.DOWN,), **ports):
        self.clock = fakes.ManualClock()
        self.database = fakes.memory_database(self.clock)
        self.flow = fakes.open_incident(self.database, FlowSpec(factory, f'hostha.flows.{factory}', kwargs), HOST).flow
        self.book = self.database.book
        self.book.add(entries)
        self.eyes = fakes.Eyes(*looks)
        for port in ports.values():
            port.clock = self.clock
        self.tools = fakes.tools(self.clock, self.eyes, book=self.book, **ports)
        self.outcomes = []
        self._engine_start()
        OPEN.append(self)

    def close(self):
        self.runner.drop_all()
        self.loop.run_once()
        self.database.close()

    def _engine_start(self):
        self.loop = Loop(self.clock)
        self.runner = FlowRunner(self.loop, Workers(self.loop, 0, inline=True), self.clock, self.database.backend,
                                 lambda slot, happening: self.outcomes.append(happening))
        self.runner.start(fakes.context(self.tools, HOST), self.flow)

    def crash(self, instance='run-2'):
        """As kill -9, and another engine goes on at once."""
        self.runner.drop_all()
        self.clock.instance = instance
        self._engine_start()

    def run(self, seconds):
        """Let so many seconds go by; returns the outcomes so far."""
        until = self.clock.now + seconds
        for _ in range(100_000):
            due = self.loop.run_once()
            if due is None or due > until:
                self.clock.now = until
                return self.outcomes
            self.clock.now = max(self.clock.now, due)
        raise AssertionError('the flow goes round and round, and no time goes by')

    def entry(self, server='a'):
        return next(entry for entry in self.book.entries(INCIDENT) if entry.server == server)


class Fencer:
    """Off when the script says so. ``offs``: for each order to go off what comes of it, the last for ever: None, or an error."""

    def __init__(self, *offs, off_after=0.0, power=Power.ON):
        self.offs, self.off_after, self.shown = list(offs) or [None], off_after, power
        self.asked, self.seen, self.epochs, self.due = [], [], [], None

    def off(self, order):
        self.asked.append(self.clock.now)
        self.epochs.append((order.epoch, order.incident))
        result = self.offs.pop(0) if len(self.offs) > 1 else self.offs[0]
        if result is None and self.off_after is not None:
            self.due = self.clock.now + self.off_after
        if result:
            raise result

    def power(self, order):
        self.seen.append(self.clock.now)
        return Power.OFF if self.due is not None and self.clock.now >= self.due else self.shown

    def describe(self, order):
        return f'fake {order.spec.level}'


class Servers:
    """A Nova of a few servers. ``evacuations_do``: what each evacuate does, the last for ever: 'move', 'fail', 'hang' or an error."""

    def __init__(self, *servers, do=('move',), takes=4.0):
        self.servers, self.do, self.takes = {server.id: server for server in servers}, list(do), takes
        self.records, self.calls, self.down, self.watch = [], [], None, lambda call, server: None
        self.order_times = []

    def _advance(self):
        for at, server, how, number in [order for order in self.order_times if self.clock.now >= order[0]]:
            self.order_times.remove((at, server, how, number))
            self._end(server, how, number)

    def _end(self, server, how, number):
        was, last = self.servers[server], self.records[number - 1]
        if how == 'move':
            self.servers[server] = replace(was, host='h2', task='', state='stopped' if was.state == 'stopped' else 'active')
            self.records[number - 1] = replace(last, status='done', destination='h2')
        else:
            self.servers[server] = replace(was, task='', state='error', fault='No valid host was found.')
            self.records[number - 1] = replace(last, status='error')

    def _answer(self):
        if self.down:
            raise self.down
        self._advance()

    def on_host(self, host):
        self._answer()
        return [server for server in self.servers.values() if server.host == host]

    def look(self, servers, host):
        self._answer()
        return {name: self.servers[name] for name in servers if name in self.servers}

    def evacuations(self, host):
        self._answer()
        return list(self.records)

    def evacuate(self, server):
        self.calls.append(('evacuate', server, self.clock.now))
        self.watch('evacuate', server)
        how = self.do.pop(0) if len(self.do) > 1 else self.do[0]
        if isinstance(how, Exception):
            raise how
        self.records.append(Evacuation(len(self.records) + 1, server, HOST, '', 'accepted'))
        self.servers[server] = replace(self.servers[server], task='rebuilding')
        if how != 'hang':
            self.order_times.append((self.clock.now + self.takes, server, how, len(self.records)))

    def reset(self, server):
        self.calls.append(('reset', server, self.clock.now))
        self.servers[server] = replace(self.servers[server], state='error', task='')

    def stop(self, server):
        self.calls.append(('stop', server, self.clock.now))
        self.servers[server] = replace(self.servers[server], state='stopped')

    def delete(self, server):
        self.calls.append(('delete', server, self.clock.now))
        self.servers.pop(server)

    def orders(self):
        return [(server, at) for call, server, at in self.calls if call == 'evacuate']


def server(name='a', state='active', host=HOST, task=''):
    return Server(name, name, host, state, task)


def entry(name='a', state='active', **fields):
    return Entry(INCIDENT, name, name, state, HOST, **fields)
