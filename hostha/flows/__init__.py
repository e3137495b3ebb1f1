"""The work of each state as a TaskFlow flow: one recipe a module, built by a factory that any engine can import again.

Rules: a flow's last task provides ``outcome``, the event that the machine is told. A branch is a result, never an exception; an
exception means "try again". What waits costs no thread: a task that has nothing to say yet returns NotYet.
"""
