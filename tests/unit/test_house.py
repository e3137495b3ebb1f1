"""The rules of the house that no linter knows."""

import ast
from pathlib import Path

import pytest

from hostha.core.diagram import inserted

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted(path for path in (ROOT / 'hostha').rglob('*.py') if 'versions' not in path.parts)


def functions(path: Path):
    return [node for node in ast.walk(ast.parse(path.read_text('utf-8'))) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize('path', PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_and_no_function_is_too_long(path):
    assert len(path.read_text('utf-8').splitlines()) <= 400
    assert [node.name for node in functions(path) if length(node) > 60] == []


def test_most_functions_are_short():
    lengths = sorted(length(node) for path in PACKAGE for node in functions(path))
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 35


def test_the_diagram_in_the_readme_is_the_table():
    text = (ROOT / 'README.md').read_text('utf-8')
    assert inserted(text) == text, 'stale: run "tox -e genstates"'


def test_a_stale_diagram_is_found():
    text = (ROOT / 'README.md').read_text('utf-8').replace('loss_seen', 'loss_heard')
    assert inserted(text) != text


def test_core_knows_nothing_of_the_outside():
    allowed = {'collections', 'dataclasses', 'enum', 're', 'typing', 'hostha', 'itertools', 'functools', 'math'}
    for path in (ROOT / 'hostha' / 'core').glob('*.py'):
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
                [node.module or ''] if isinstance(node, ast.ImportFrom) else []
            assert {name.split('.')[0] for name in names} <= allowed, f'{path.name}: {names}'
