"""The configuration: one module per option group, and the frozen settings that the rest of hostha is handed."""

from hostha.conf.loading import load
from hostha.conf.startup import start_logging, warnings
from hostha.conf.summary import describe

__all__ = ['describe', 'load', 'start_logging', 'warnings']
