"""Settings of all tests; their fixtures are in tests/support, whose README.md lists them."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import hypothesis

# No test depends on how busy its host is; and in CI, none on chance: there every run tries the same examples.
hypothesis.settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("untimed")

# A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Crashes of daemons that no fixture has started: never below the home of whoever runs the tests.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="lkm-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

# The benchmarks, of which some are tested. Last: the package that is tested may be an installed one.
sys.path.append(str(Path(__file__).parents[1]))

# The package first: that makes pytest show the operands of every assert in it.
pytest_plugins = [
    "support",
    "support.fixtures",
    "support.daemons",
    "support.booting",
    "support.supervised",
    "support.file_systems",
    "support.memfs",
    "support.driver",
    "support.board",
    "support.lkm_modules",
]
