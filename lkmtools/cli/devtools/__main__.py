"""python -m lkmtools.cli.devtools TOOL ARGUMENTS: what the scripts of bin/ run."""

import sys

from lkmtools.cli.common import guard
from lkmtools.cli.devtools import main

if len(sys.argv) < 2:
    sys.exit("usage: python -m lkmtools.cli.devtools TOOL ARGUMENT...")
sys.exit(guard(sys.argv[1], lambda: main(sys.argv[1:])))
