"""python -m lkmtools.cli.devtools TOOL ARGUMENTS: what the scripts of bin/ run."""

import sys

from lkmtools.cli.devtools import main

sys.exit(main(sys.argv[1:]))
