"""What kernels report and survive: it is on the console already; here it is logged, and passed on."""

from __future__ import annotations

from collections.abc import Callable

from lkmtools.daemon.log import Log


class Reports:
    """`told` are called with the boot, the text and the record (JSON) of each report."""

    def __init__(self, log: Log, *told: Callable[[int, str, str], None]) -> None:
        self.told = list(told)
        self._log = log

    def heard(self, boot: int, text: str, record: str) -> None:
        """A kernel has reported something."""
        self._log.entry(
            f"report in boot {boot}: {text.partition(chr(10))[0].removeprefix('report: ')}\n{text}"
        )
        for told in self.told:
            told(boot, text, record)
