"""The words of the machine: states, events, commands and responses."""

from enum import StrEnum


class State(StrEnum):
    """Where a host stands. Six are the spine, the last two are the operator's."""

    ACTIVE = 'active'
    SUSPECT = 'suspect'
    ISOLATED = 'isolated'
    FENCED = 'fenced'
    EVACUATING = 'evacuating'
    RECOVERED = 'recovered'
    MAINTENANCE = 'maintenance'
    ERROR = 'error'


class Event(StrEnum):
    """What has happened to a host: past tense throughout."""

    # seen by the observers
    LOSS_SEEN = 'loss_seen'
    LOSS_CHANGED = 'loss_changed'
    LIFE_SEEN = 'life_seen'
    HOST_RETURNED = 'host_returned'
    # judged when a check has ended
    LOSS_CLEARED = 'loss_cleared'
    VERDICT_WITHHELD = 'verdict_withheld'
    FENCE_CHOSEN = 'fence_chosen'
    WITHDRAW_CHOSEN = 'withdraw_chosen'
    NOTIFY_CHOSEN = 'notify_chosen'
    # outcomes of flows
    HOST_FENCED = 'host_fenced'
    FENCING_FAILED = 'fencing_failed'
    HOST_WITHDRAWN = 'host_withdrawn'
    HOST_MARKED_DOWN = 'host_marked_down'
    SERVERS_REMAINED = 'servers_remained'
    SERVERS_PLACED = 'servers_placed'
    HOST_READMITTED = 'host_readmitted'
    READMISSION_FAILED = 'readmission_failed'
    WORK_STALLED = 'work_stalled'
    FLOW_FAILED = 'flow_failed'
    # decided over all hosts
    EVACUATION_CLEARED = 'evacuation_cleared'
    # the operator's
    MAINTENANCE_STARTED = 'maintenance_started'
    MAINTENANCE_ENDED = 'maintenance_ended'
    OFF_CONFIRMED = 'off_confirmed'
    RETRY_ORDERED = 'retry_ordered'
    RESET_ORDERED = 'reset_ordered'


class Command(StrEnum):
    """What is to be done in a state: one persisted flow each."""

    CHECK = 'check'
    FENCE = 'fence'
    WITHDRAW = 'withdraw'
    MARK_DOWN = 'mark_down'
    EVACUATE = 'evacuate'
    READMIT = 'readmit'


class Response(StrEnum):
    """What the pattern of lost networks calls for."""

    NONE = 'none'
    NOTIFY = 'notify'
    WITHDRAW = 'withdraw'
    FENCE = 'fence'


class Guard(StrEnum):
    """A condition on the host's record that chooses between rows of one state and event."""

    HAS_PROOF = 'has_proof'
    OUT_OF_SERVICE = 'out_of_service'
