"""An operator's order as an event."""

from hostha.core.orders import ACTIONS, happening
from hostha.core.states import Event


def test_only_confirm_off_is_a_proof():
    for action, event in ACTIONS.items():
        made = happening(action, 'I stand beside it', 'alice', 3, 7.0)
        assert (made.event, made.by) == (event, 'alice')
        assert (made.proof is not None) == (event is Event.OFF_CONFIRMED)
        assert made.epoch == (3 if action in ('confirm-off', 'retry', 'reset') else None)
    proof = happening('confirm-off', 'I stand beside it', 'alice', 3, 7.0).proof
    assert (proof.evidence, proof.at) == ('alice: I stand beside it', 7.0)
