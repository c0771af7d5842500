"""What the debug information of a module says: functions, inlined ones too, files and lines of addresses.

It serves who reads a report: modload, lkmctl, pytest. The kernel knows addresses only.
"""

from lkmtools.debug.info import DebugInfo, DebugInfoError, SourcePlace
from lkmtools.debug.report import source_of

__all__ = ["DebugInfo", "DebugInfoError", "SourcePlace", "source_of"]
