"""python -m lkmtools.cli.lkmctl"""

from lkmtools.cli.lkmctl import main

main()
