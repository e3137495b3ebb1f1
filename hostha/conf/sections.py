"""Configuration files as they were written: what oslo.config does not tell."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from oslo_config import cfg, iniparser

from hostha.exceptions import ConfigError

Sections = dict[str, dict[str, str]]
"""Section -> option -> value as written, the last one if it is repeated."""


class _Parser(cfg.ConfigParser):
    """The parser of oslo.config, over text that is read as UTF-8 whatever the locale."""

    def parse_text(self, text: str) -> None:
        iniparser.BaseParser.parse(self, text.splitlines())

    def new_section(self, section: str) -> None:
        # oslo.config would silently merge the two: an edit of the one would leave the other in force
        if section.lower() in map(str.lower, self.sections):
            raise ConfigError('--config-file', self.filename, f'the section [{section}] stands there twice, again in line {self.lineno}')
        super().new_section(section)


def read(path: str) -> Sections:
    """The sections of a file. Raises ConfigError if it cannot be read, is not UTF-8, is no such file, or has a section twice."""
    parser = _Parser(path, {})
    try:
        parser.parse_text(Path(path).read_text('utf-8'))
    except UnicodeDecodeError as error:
        raise ConfigError('--config-file', path, f'it is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}') from None
    except (OSError, iniparser.ParseError) as error:
        raise ConfigError('--config-file', path, f'it cannot be read: {error}') from None
    return {section: {name: values[-1] for name, values in options.items()} for section, options in parser.sections.items()}


def written(conf: cfg.ConfigOpts) -> Sections:
    """The sections of all files that ``conf`` was read from, later files before earlier ones."""
    together: Sections = {}
    for path in files(conf):
        for section, options in read(path).items():
            together.setdefault(section, {}).update(options)
    return together


def named(argv: Sequence[str] | None, default: str) -> list[str]:
    """The files of --config-file on a command line, before it is read for good; ``default`` if there is none."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('--config-file', action='append')
    return parser.parse_known_args(argv)[0].config_file or [default]


def files(conf: cfg.ConfigOpts) -> list[str]:
    """The files of --config-file and --config-dir, in the order in which they count."""
    inside = [str(path) for folder in conf.config_dir or () for path in sorted(Path(folder).glob('*.conf'))]
    return [*(conf.config_file or ()), *inside]


def unknown(sections: Sections, known: Mapping[str, set[str]]) -> list[str]:
    """The options in sections of ours that do not exist, as ``[section] option``. known: section -> the names in it."""
    return [f'[{section}] {name}' for section, options in sections.items() if section in known
            for name in options if name.replace('-', '_') not in known[section]]
