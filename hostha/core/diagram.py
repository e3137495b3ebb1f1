"""The state diagram, drawn from the table."""

from hostha.core.states import State
from hostha.core.table import TABLE, Row

BEGIN = '<!-- states: generated from hostha/core/table.py by "tox -e genstates" -->'
END = '<!-- /states -->'


def mermaid() -> str:
    """The table as a Mermaid state diagram, in its markers: one arrow for each pair of states, its events below each other."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for row in TABLE:
        arrows.setdefault((row.state, row.next), []).append(_label(row))
    lines = [BEGIN, '```mermaid', 'stateDiagram-v2', f'    [*] --> {State.ACTIVE}']
    lines += [f'    {state} --> {following}: {"<br>".join(labels)}' for (state, following), labels in arrows.items()]
    return '\n'.join([*lines, '```', END])


def _label(row: Row) -> str:
    return row.event + (f' [{row.guard}]' if row.guard else '') + (f' / {row.command}' if row.command else '')


def inserted(text: str) -> str:
    """``text`` with the diagram between its markers brought up to date. ValueError if the markers are missing."""
    begin, end = text.index(BEGIN), text.index(END) + len(END)
    return text[:begin] + mermaid() + text[end:]
