"""Telling the world what happens to the hosts. Each class is a ports.Notifier."""

import json

from oslo_log import log as logging

from hostha.core.model import Decision
from hostha.core.states import State

LOG = logging.getLogger(__name__)

_LEVELS = {State.ISOLATED: logging.WARNING, State.FENCED: logging.WARNING, State.ERROR: logging.ERROR}


class LogNotifier:
    """One line in the log for each transition, always of the same form, so that it can be searched for.

    WARNING when a host is being taken out (isolated, fenced), ERROR when a host is not protected any more (error), else INFO.
    """

    def transition(self, decision: Decision) -> None:
        """Log a change of state. ``why`` is the table's reason for this row, ``reason`` what was seen this time; both are quoted."""
        before, record = decision.before, decision.record
        LOG.log(_LEVELS.get(record.state, logging.INFO), 'host=%s event=%s from=%s to=%s why=%s incident=%s reason=%s',
                record.name, decision.happening.event, before.state, record.state, _quoted(decision.why),
                record.incident or before.incident or '-', _quoted(decision.happening.reason))


def _quoted(text: str) -> str:
    """``text`` in double quotes and on one line, whatever an outside system put into it."""
    return json.dumps(text, ensure_ascii=False)
