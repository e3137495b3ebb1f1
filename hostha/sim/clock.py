"""Virtual time: waiting takes none."""

from hostha.ports import Wakeup
from hostha.sim.world import World


class VirtualClock:
    """ports.Clock on the time of a world. wait() never sleeps: it lets the world go on to its next event, until woken or due."""

    def __init__(self, world: World, instance: str = 'virtual') -> None:
        self._world = world
        self.instance = instance

    def time(self) -> float:
        """Wall seconds."""
        return self._world.stage.wall

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._world.stage.now

    def wait(self, wakeup: Wakeup, timeout: float) -> None:
        """Let the world go on until an event of it sets ``wakeup``, or for ``timeout`` seconds; clears ``wakeup``."""
        due = self.monotonic() + timeout
        while not wakeup.wait(0):
            coming = self._world.next_due()
            if coming is None or coming > due:
                self._world.advance(due)
                break
            self._world.advance(coming)
        wakeup.clear()
