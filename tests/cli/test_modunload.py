"""modunload against a kernel: messages, exit statuses, the reasons."""

from __future__ import annotations

import json

from support.daemon_lab import DaemonLab
from support.daemons import Place

USAGE = "usage:\nmodunload [-i <module id>] [-n <module name>]\n"


def test_unloading_by_name_by_id_and_by_operand_is_silent(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"), lab.misc("b"), lab.misc("c"), lab.misc("d"))
    for argv in (("-n", "a"), ("-i", "1"), ("c", "3")):
        assert lab.run("modunload", *argv) == (0, "", "")
    assert lab.names() == []


def test_an_unloaded_module_leaves_no_memory_behind(each_lab: DaemonLab) -> None:
    lab = each_lab
    objects = (lab.misc("a"), lab.syscall("b"), lab.device("c"))
    lab.run("modload", objects[2])
    lab.run("modunload", "c")
    before = lab.status()  # the kernel remembers the name and majors of a device it has seen once
    assert lab.run("modload", "-s", *objects).status == 0
    assert lab.run("modunload", "c", "b", "a") == (0, "", "")
    assert before == lab.status()


def test_an_unknown_name_is_no_such_module(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    run = lab.run("modunload", "-n", "nosuch")
    assert (run.status, run.out, run.err.splitlines()[0]) == (3, "", "modunload: no such module")


def test_a_misspelt_name_is_answered_with_the_near_one_and_with_a_few_of_many(lab: DaemonLab) -> None:
    """modunload, and modstat, which asks the kernel too."""
    assert lab.run("modunload", "hello").status == 3
    lab.run("modload", *(lab.misc(name) for name in ("hello", "ticker", "a", "b", "c", "d")))
    for tool, first in (("modunload", ["modunload: no such module"]), ("modstat", [])):
        for typed, other in (
            ("helol", "did you mean 'hello'?"),
            ("nosuch", "loaded: hello, ticker, a and 3 more"),
        ):
            run = lab.run(tool, "-n", typed)
            assert run.err.splitlines() == [*first, f"{tool}: no module is called '{typed}'; {other}"]
            assert run.status == 3


def test_an_id_beyond_the_highest_is_out_of_range(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    run = lab.run("modunload", "-i", "5")
    assert (run.status, run.err.splitlines()[0]) == (3, "modunload: id out of range")


def test_a_module_that_refuses_is_busy_and_says_so(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a", unload="return EINVAL;"))
    run = lab.run("modunload", "a")
    assert (run.status, run.err.splitlines()[0]) == (5, "modunload: LMUNLOAD: Device busy")
    assert "LKM 'a' refused" in run.err.splitlines()[1]
    assert lab.names() == ["a"]


def test_the_first_failure_ends_the_run_and_the_rest_is_named(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"), lab.misc("b"))
    run = lab.run("modunload", "a", "nosuch", "b")
    assert (run.status, run.err.splitlines()[-1]) == (3, "modunload: not unloaded: nosuch b")
    assert lab.names() == ["b"]


def test_no_module_or_too_much_is_a_usage_error(place: Place) -> None:
    for argv in ((), ("-n", "a", "b"), ("",)):
        assert place.run("modunload", *argv) == (1, "", USAGE)


def test_an_id_that_is_no_number_is_an_error(place: Place) -> None:
    assert place.run("modunload", "-i", "1x") == (1, "", "modunload: not a valid number\n")


def test_json_says_what_was_unloaded_and_what_was_not(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("a"))
    run = lab.run("modunload", "--json", "a", "7")
    document = json.loads(run.out)
    assert (
        document["version"],
        document["unloaded"],
        document["not_unloaded"],
    ) == (1, [{"name": "a"}], [{"id": 7}])
    assert (run.status, "EINVAL") == (3, document["error"]["errno"])
