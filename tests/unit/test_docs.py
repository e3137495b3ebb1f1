"""The documents say what the code does: diagram, options, modules, scenarios and links."""

import re
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from oslo_log import log

from hostha.conf.opts import list_opts
from hostha.core.diagram import BEGIN, inserted
from hostha.core.policy import RESPONSES_2, RESPONSES_3
from hostha.sim.commands import VERBS
from hostha.sim.expect import CHECKS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*(ROOT / 'docs').glob('*.md'), *ROOT.glob('*.md')])
WITH_DIAGRAM = [document for document in DOCUMENTS if BEGIN in document.read_text('utf-8')]
OPTIONS = {group: {option.name: option for option in options} for group, options in list_opts()}

TABLE = re.compile(r'^\|.*\n\|[-|]+\|\n((?:\|.*\n?)+)', re.MULTILINE)
NAME = re.compile(r'`([a-z_0-9]+)`')


def text(name: str) -> str:
    return (ROOT / 'docs' / name).read_text('utf-8')


def sections(document: str, heading: str) -> dict[str, str]:
    """Heading -> what stands below it, of the headings that match; up to the next heading of any kind."""
    parts = re.split(r'^#+ (.*)$', document, flags=re.MULTILINE)
    return {match[1]: body for title, body in zip(parts[1::2], parts[2::2], strict=True) if (match := re.fullmatch(heading, title))}


def rows(body: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    return [re.sub(r'^\| | \|$', '', line).split(' | ') for table in TABLE.findall(body) for line in table.splitlines()]


def of_oslo_log() -> set[str]:
    """The names of oslo.log's options."""
    conf = cfg.ConfigOpts()
    log.register_options(conf)
    return set(conf)


def documented() -> dict[str, list[list[str]]]:
    """Group -> the rows of its table of options."""
    found = sections(text('configure.md'), r'\[(\w+)\]')
    return {group: [row for row in rows(body) if re.fullmatch(NAME, row[0])] for group, body in found.items()}


def written(default: Any) -> str | None:
    """A default as the document writes it; None if it says in words what is so without the option."""
    if default in (None, '', {}):
        return None
    if isinstance(default, bool):
        return str(default).lower()
    return ', '.join(default) if isinstance(default, tuple) else f'{default:g}' if isinstance(default, float) else str(default)


def slug(title: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')


@pytest.mark.parametrize('document', WITH_DIAGRAM, ids=lambda path: path.name)
def test_the_diagram_is_current(document: Path) -> None:
    assert inserted(document.read_text('utf-8')) == document.read_text('utf-8'), 'stale: run "tox -e genstates"'


def test_the_architecture_has_the_diagram() -> None:
    assert ROOT / 'docs' / 'architecture.md' in WITH_DIAGRAM


def test_every_option_is_documented_and_no_other() -> None:
    assert {group: sorted(row[0].strip('`') for row in table) for group, table in documented().items()} == \
        {group: sorted(options) for group, options in OPTIONS.items()}


def test_the_documented_defaults_are_the_defaults() -> None:
    for group, table in documented().items():
        for name, default, *_ in table:
            expected = written(OPTIONS[group][name.strip('`')].default)
            quoted = re.fullmatch(r'`(.*)`', default)
            assert (quoted[1] if quoted else None) == expected, f'[{group}] {name}'


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_every_option_that_is_named_with_its_group_exists(document: Path) -> None:
    # `[engine] lease`, but not `[section] option does not exist`
    for group, name in re.findall(r'`\[(\w+)\] (\w+)(?: = [^`]*)?`', document.read_text('utf-8')):
        if group in OPTIONS:
            assert name in OPTIONS[group] or (group == 'DEFAULT' and name in of_oslo_log()), f'[{group}] {name}'


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_the_options_of_the_examples_exist(document: Path) -> None:
    for _, example in re.findall(r'^```(\w*)\n(.*?)^```$', document.read_text('utf-8'), re.MULTILINE | re.DOTALL):
        group = ''
        for line in example.splitlines():
            section, option = re.fullmatch(r'\[(\w+)\]', line), re.match(r'(\w+) ?= ?', line)
            group = section[1] if section else group
            assert not (option and group in OPTIONS) or option[1] in {*OPTIONS[group], *of_oslo_log()}, line


@pytest.mark.parametrize('name', ['configure.md', 'operate.md'])
def test_the_documented_responses_are_the_defaults(name: str) -> None:
    bits = {'up': '1', 'down': '0'}
    table = [row for row in rows(text(name)) if row[0] in bits and row[1] in bits]
    found = {}
    for row in table:
        pattern = ''.join(bits[cell] for cell in row if cell in bits)
        found[pattern] = re.split(r'[,:]', row[-1])[0]
    assert found == {pattern: str(response) for pattern, response in {**RESPONSES_3, **RESPONSES_2}.items()}


def test_every_module_has_its_line_and_no_other() -> None:
    named = {f'{folder}{row[0].strip("`")}' for folder, body in sections(text('architecture.md'), r'`(hostha/.*)`').items()
             for row in rows(body)}
    present = {str(path.relative_to(ROOT)) for path in (ROOT / 'hostha').rglob('*.py') if path.name != '__init__.py'}
    assert named == {path for path in present if '/versions/' not in path}


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    for path in re.findall(r'`((?:hostha|tests|benchmarks|etc)/[\w./-]+)`', document.read_text('utf-8')):
        assert (ROOT / path).exists(), path


def test_every_verb_and_every_check_of_a_scenario_is_documented() -> None:
    body = sections(text('testing.md'), '(Scenarios)')['Scenarios']
    named = {name for row in rows(body) for name in NAME.findall(row[0])}
    assert {*VERBS, *CHECKS} <= named


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r'\]\(([^)\s]+)\)', document.read_text('utf-8')):
        if re.match(r'[a-z]+:', link):
            continue
        name, _, anchor = link.partition('#')
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        titles = re.findall(r'^#+ (.*)$', target.read_text('utf-8'), re.MULTILINE) if anchor else []
        assert not anchor or anchor in map(slug, titles), link
