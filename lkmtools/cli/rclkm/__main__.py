"""python -m lkmtools.cli.rclkm, as lkmd starts it."""

from lkmtools.cli.rclkm import main

main()
