"""A fence program with a power supply in a folder, and every bad habit that fence programs have; its option ``habit`` chooses."""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

_PROGRAM = '''\
    #!{python} -S
    import json, os, subprocess, sys, time
    folder = {folder!r}
    lines = sys.stdin.read().splitlines()
    given = dict(line.partition('=')[::2] for line in lines)
    with open('/proc/self/environ', 'rb') as environ:
        seen = {{'lines': lines, 'argv': sys.argv[1:], 'environ': environ.read().decode(), 'pid': os.getpid(), 'group': os.getpgid(0)}}
    with open(folder + '/runs', 'a') as runs:
        runs.write(json.dumps(seen) + '\\n')
    habit, power, action = given.get('habit', ''), folder + '/power', given['action']

    def child():
        seconds = ['-c', 'import time; time.sleep(60)']
        with open(folder + '/child', 'w') as note:
            note.write(str(subprocess.Popen([sys.executable, *seconds]).pid))

    if habit == 'hangs' or (habit == 'hangs at off' and action == 'off'):
        child()
        time.sleep(60)
    if habit == 'leaves a child':
        child()
    if habit == 'floods':
        for _ in range(400):
            sys.stdout.write('x' * 65536)
    if habit == 'closes its outputs':
        os.close(1)
        os.close(2)
        time.sleep(0.5)
        os._exit(2)
    if habit == 'tells':
        print('cannot log in with', given.get('password'), repr(given.get('password')), file=sys.stderr)
        sys.exit(1)
    if habit == 'tells too much':
        sys.stderr.write(given['password'] * 1000)
        sys.exit(1)
    if habit.startswith('says '):
        print(habit[5:])
    if habit.startswith('complains '):
        print(habit[10:], file=sys.stderr)
    if 'exits' in given:
        sys.exit(int(given['exits']))
    if action == 'off':
        if habit != 'lies':
            with open(power, 'w') as supply:
                supply.write('off')
        print('Success: Powered OFF')
    elif action == 'status':
        with open(power) as supply:
            state = supply.read()
        print('Status:', state.upper())
        sys.exit(2 if state == 'off' else 0)
'''


class FakeBmc:
    """A power supply that is on, and ``fence_fake`` to switch it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / 'fence_fake'
        self.program.write_text(textwrap.dedent(_PROGRAM).format(python=sys.executable, folder=str(folder)))
        self.program.chmod(0o755)
        (folder / 'power').write_text('on')

    @property
    def power(self) -> str:
        """on or off."""
        return (self.folder / 'power').read_text()

    @property
    def runs(self) -> list[dict[str, Any]]:
        """What each run saw: lines of its standard input, argv, environ, pid, group."""
        return [json.loads(line) for line in (self.folder / 'runs').read_text().splitlines()]

    @property
    def child(self) -> int:
        """The process that a run left behind."""
        return int((self.folder / 'child').read_text())
