"""rc.lkm by hand: start, stop and check of an lkm.conf, one process for all modules."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from support.compiling import Compile
from support.daemon_lab import DaemonLab
from support.daemons import Place, Run, installed

try:
    installed("rc.lkm")
except AssertionError as missing:
    pytest.skip(f"{missing}: install the package again", allow_module_level=True)

LOWER = "int lower_value(void); int lower_value(void) { return 7; }"
UPPER = "int lower_value(void);"


class Boot:
    """A lab whose lkm.conf is written by conf(), and whose modules are found by name."""

    def __init__(self, lab: DaemonLab) -> None:
        self.lab = lab
        self.file = str(lab.dir / "lkm.conf")
        lab.daemon.env.update(LKM_CONF=self.file, LKM_PATH=str(lab.dir))

    def conf(self, *lines: str) -> None:
        """Write lkm.conf."""
        Path(self.file).write_text("".join(f"{line}\n" for line in lines))

    def run(self, *args: str) -> Run:
        """Run rc.lkm."""
        run: Run = self.lab.run("rc.lkm", *args)
        return run

    def pair(self) -> None:
        """lower.o, and upper.o which is linked against it."""
        self.lab.misc("lower", more=LOWER)
        self.lab.misc("upper", load="return lower_value() - 7;", more=UPPER)


@pytest.fixture
def boot(lab: DaemonLab) -> Boot:
    return Boot(lab)


def test_start_loads_stage_by_stage_and_stop_unloads_in_reverse(boot: Boot) -> None:
    """The lines are the original's; stop goes back from the last, dependents first, and may be repeated."""
    boot.pair()
    boot.lab.misc("late", unload='printf("late goes\\n"); return 0;')
    boot.conf("late.o - - - - AFTERMOUNT", "lower.o -s - - - -", "upper.o - - - TEMP BEFOREMOUNT")
    said = "".join(
        f"{name}.o: Module loaded as ID {i}\n" for i, name in enumerate(("lower", "upper", "late"))
    )
    assert boot.run() == Run(0, said, "")
    assert boot.lab.names() == ["lower", "upper", "late"]
    assert [boot.run("stop"), boot.run("stop")] == [Run(0, "", "")] * 2
    assert boot.lab.names() == []
    assert boot.run("start", "BEFORENET") == Run(0, "lower.o: Module loaded as ID 0\n", "")
    assert boot.run("stop", "AFTERMOUNT") == Run(0, "", "")
    assert boot.lab.names() == ["lower"]
    assert sorted(os.listdir(boot.lab.dir)) == sorted(
        ["late.o", "lkm.conf", "lower.o", "s", "s.ctl", "s.lock", "s.log", "upper.o"]
    )


def test_what_is_loaded_already_is_passed_over(place: Place, cc: Compile) -> None:
    """As after a boot that rc.lkm itself has caused; stop starts no kernel."""
    shutil.copyfile(cc(Path(__file__).parents[2] / "examples" / "hello" / "hello.c"), f"{place.dir}/hello.o")
    Path(f"{place.dir}/lkm.conf").write_text("hello.o - - - - -\n")
    place.env.update(LKM_CONF=f"{place.dir}/lkm.conf", LKM_PATH=place.dir)
    assert place.run("rc.lkm", "stop") == Run(0, "", "")
    assert not os.path.lexists(place.socket)
    for _ in range(2):
        assert place.run("rc.lkm") == Run(0, "hello.o: Module is already loaded as ID 0\n", "")
    assert [place.run("rc.lkm", action).out for action in ("stop", "start")] == [
        "", "hello.o: Module loaded as ID 0\n",
    ]  # fmt: skip


def test_one_bad_module_does_not_stop_the_others(boot: Boot) -> None:
    """Each failure has its place and its reason; the exit status is 1."""
    boot.lab.misc("good")
    boot.lab.misc("bad", load="return ENXIO;")
    boot.conf(
        "bad.o - - - - -",
        "missing.o - - - - -",
        "good.o -Z - - - -",
        "good.o - - - - LATER",
        "good.o - - - - -",
    )
    run = boot.run("start")
    assert (run.status, run.out) == (1, "good.o: Module loaded as ID 0\n")
    f = boot.file
    assert run.err.splitlines() == [
        f"rc.lkm: {f}:3: options: option -Z not recognized: not loaded",
        f"rc.lkm: {f}:4: when: 'LATER' is not a stage of the boot (BEFORENET, BEFOREMOUNT, AFTERMOUNT)"
        ": not loaded",
        f"rc.lkm: {f}:1: bad.o: error initializing module: Device not configured",
        f"rc.lkm: {f}:1: bad.o: its entry point returned 6 (ENXIO)",
        f"rc.lkm: {f}:2: missing.o: couldn't find module missing.o in {boot.lab.dir}",
        f"rc.lkm: {f}:2: missing.o: nlist missing.o: No such file or directory",
        f"rc.lkm: {f}:2: missing.o: no file missing.o",
    ]


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        (
            ("upper.o - - - - -", "lower.o -s - - - -"),
            "of lower.o (line 2), which is loaded later: move line 2 before line 1, or use rc.lkm --reorder",
        ),
        (
            ("lower.o - - - - -", "upper.o - - - - -"),
            "of lower.o (line 1), which is loaded without -s: write -s among the options of line 1",
        ),
        (
            ("lower.o -s - - - AFTERMOUNT", "upper.o - - - - -"),
            "of lower.o (line 1), which is loaded at AFTERMOUNT: move line 1 before line 2, as BEFORENET",
        ),
    ],
)
def test_a_client_before_what_it_needs_is_told_the_line_to_move(
    boot: Boot, lines: tuple[str, ...], advice: str
) -> None:
    """One line with the fix, at the failing start and from check."""
    boot.pair()
    boot.conf(*lines)
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("upper"))
    told = f"{boot.file}:{line}: upper.o: it needs lower_value {advice}"
    run = boot.run("start")
    assert run.status == 1
    assert run.err.splitlines()[-1] == f"rc.lkm: {told}"
    assert boot.lab.names() == ["lower"]
    assert boot.run("check") == Run(1, f"{told}\n", "")


EXEC = """
static struct execsw format = { 16 };
MOD_EXEC("format", -1, &format, "strange");
int format_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
COMPAT = """
static void intern(struct proc *p) { }
static const struct emul strange = { "strange", .e_syscall_intern = intern };
MOD_COMPAT("personality", -1, &strange);
int personality_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def test_an_exec_module_before_its_emulation_is_told_and_moved(each_lab: DaemonLab) -> None:
    """By what stands in the objects of both machines: the name in the one, the struct emul of the other."""
    boot = Boot(each_lab)
    each_lab.compile("format", EXEC)
    each_lab.compile("personality", COMPAT)
    boot.conf("format.o - - - - -", "personality.o - - - - -")
    run = boot.run("start")
    assert (run.status, run.out) == (1, "personality.o: Module loaded as ID 0\n")
    assert run.err.splitlines()[1:] == [
        f"rc.lkm: {boot.file}:1: format.o: there is no emulation 'strange': load its COMPAT module first",
        f"rc.lkm: {boot.file}:1: format.o: it needs the emulation 'strange' of personality.o (line 2), "
        "which is loaded later: move line 2 before line 1, or use rc.lkm --reorder",
    ]
    assert boot.run("stop").status == 0
    assert boot.run("start", "--reorder").status == 0
    assert each_lab.names() == ["personality", "format"]
    assert boot.run("stop", "--reorder") == Run(0, "", "")


def test_reorder_loads_each_module_after_those_it_needs(boot: Boot) -> None:
    boot.pair()
    boot.lab.misc("other")
    boot.conf("other.o - - - - -", "upper.o - - - - -", "lower.o -s - - - -")
    run = boot.run("--reorder")
    assert run == Run(0, "".join(f"{n}.o: Module loaded as ID {i}\n" for i, n in enumerate(
        ("other", "lower", "upper"))), "")  # fmt: skip
    assert boot.run("stop") == Run(0, "", "")


def test_check_finds_all_mistakes_of_a_file_without_a_kernel(place: Place) -> None:
    """No daemon is started for it."""
    file = Path(place.dir) / "mine.conf"
    file.write_text("a.o - - /no/program - -\nb.o 'x - - - -\n")
    place.env["LKM_PATH"] = place.dir
    run = place.run("rc.lkm", "check", "./mine.conf")
    assert (run.status, run.err) == (1, "")
    assert run.out.splitlines() == [
        f"{file}:1: path: couldn't find module a.o in {place.dir}",
        f"{file}:1: postinstall: /no/program cannot be executed",
        f"{file}:2: options: the quote ' is not closed",
    ]
    file.write_text("# nothing\n")
    assert place.run("rc.lkm", "check", "mine.conf") == Run(0, f"{file}: 0 modules, nothing wrong\n", "")
    assert not os.path.lexists(place.socket)


def test_check_reads_the_objects(boot: Boot) -> None:
    """An entry symbol that is not there, what is no object, and a line that repeats another."""
    boot.lab.misc("good")
    (boot.lab.dir / "bad.o").write_text("no object")
    boot.conf(
        "good.o - good_main - - -", "bad.o - - - - -", "good.o - - - - -", "good.o - - - TEMP AFTERMOUNT"
    )
    run = boot.run("check", boot.file)
    good, bad = boot.lab.dir / "good.o", boot.lab.dir / "bad.o"
    assert (run.status, run.err) == (1, "")
    assert run.out.splitlines() == [
        f"{boot.file}:1: entry point _good_main not found in {good}",
        f"{boot.file}:1: {good} defines good_lkmentry; use -e good_lkmentry",
        f"{boot.file}:2: nlist {bad}: Inappropriate file type or format",
        f"{boot.file}:2: {bad}: not an ELF file: it begins with 6e 6f 20 6f, not with 7f 45 4c 46",
        f"{boot.file}:4: good.o: it repeats line 3, and is passed over",
    ]


def test_a_line_that_repeats_another_is_passed_over(boot: Boot) -> None:
    """One with another entry point is not such a line."""
    more = (
        "int two_main(struct lkm_table *, int, int);\n"
        "int two_main(struct lkm_table *lkmtp, int cmd, int ver)\n"
        "{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }"
    )
    boot.lab.misc("one", more=more)
    boot.conf("one.o - - - - -", "one.o - - - - -", "one.o - two_main - - -")
    assert boot.run() == Run(
        0,
        "one.o: Module loaded as ID 0\none.o: Module is already loaded as ID 0 (line 1)\n"
        "one.o: Module loaded as ID 1\n",
        "",
    )


def test_a_repeated_line_after_a_boot_is_passed_over_too(place: Place, cc: Compile) -> None:
    """The boot that rc.lkm causes has loaded the first, and passed over the second."""
    shutil.copyfile(cc(Path(__file__).parents[2] / "examples" / "hello" / "hello.c"), f"{place.dir}/hello.o")
    Path(f"{place.dir}/lkm.conf").write_text("hello.o - - - - -\n./hello.o - - - - -\n")
    place.env.update(LKM_CONF=f"{place.dir}/lkm.conf", LKM_PATH=place.dir)
    said = "hello.o: Module is already loaded as ID 0\nhello.o: Module is already loaded as ID 0 (line 1)\n"
    assert place.run("rc.lkm") == Run(0, said, "")
    assert len(place.run("modstat").out.splitlines()) == 2


def test_check_looks_at_the_interpreter_of_a_script(boot: Boot) -> None:
    boot.lab.misc("one")
    post = boot.lab.dir / "post"
    post.write_text("#!/no/sh\n")
    post.chmod(0o755)
    boot.conf("one.o - - post - -", 'one.o "-T /no/script" - - - -')
    assert boot.run("check", boot.file).out.splitlines() == [
        f"{boot.file}:1: postinstall: the interpreter of {post}, /no/sh, does not exist",
        f"{boot.file}:2: options: -T /no/script: No such file or directory",
    ]


def test_why_a_script_cannot_be_executed(boot: Boot) -> None:
    """The host says "No such file" where the interpreter is missing, also where lines end in CR LF."""
    boot.lab.misc("one")
    post = boot.lab.dir / "post"
    for text, status, why in (
        ("#!/bin/sh\r\ntrue\r\n", "No such file or directory", f"the lines of {post} end in CR LF"),
        ("#! /no/sh -e\n", "No such file or directory", f"the interpreter of {post}, /no/sh, does not exist"),
        ("true\n", "Exec format error", f"{post} is neither a program of this host nor a script"),
    ):
        post.write_text(text)
        post.chmod(0o755)
        boot.conf("one.o - - post - -")
        run = boot.run()
        assert (run.status, run.out) == (1, "one.o: Module loaded as ID 0\n")
        first, second = run.err.splitlines()
        assert first == f"rc.lkm: {boot.file}:1: one.o: can't exec `{post}': {status}"
        assert second.startswith(f"rc.lkm: {boot.file}:1: one.o: {why}")
        assert boot.lab.run("modunload", "one").status == 0
        run = boot.lab.run("modload", "-p", str(post), "one.o")
        assert run.status == 16
        assert run.err.splitlines()[1].startswith(f"modload: {why}")
        assert boot.lab.run("modunload", "one").status == 0


def test_postinstall_gets_what_modload_would_give_it(boot: Boot) -> None:
    """It runs with /dev/lkm free, in the same kernel; one beside the modules is found; its failure counts."""
    boot.lab.syscall("call")
    script = boot.lab.dir / "post"
    script.write_text('#!/bin/sh\necho "$@"; lkmctl mknod /dev/made c 2 2 && modstat | wc -l; exit 3\n')
    script.chmod(0o755)
    boot.lab.daemon.env["PATH"] = os.defpath
    boot.conf("call.o - - post - -")
    run = boot.run()
    assert run.status == 1
    assert run.out == "call.o: Module loaded as ID 0\n0 0x0 210\n2\n"
    assert run.err == f"rc.lkm: {boot.file}:1: call.o: postinstall program {script} ended with status 3\n"


def test_securelevel_is_the_reason_of_all_that_fails(boot: Boot) -> None:
    boot.lab.misc("mod")
    boot.conf("mod.o - - - - -")
    assert boot.run("start").status == 0
    assert boot.lab.run("lkmctl", "sysctl", "kern.securelevel=1").status == 0
    boot.lab.misc("other")
    boot.conf("mod.o - - - - -", "other.o - - - - -")
    start, stop = boot.run("start", "BEFORENET"), boot.run("stop")
    assert (start.status, stop.status, start.out, stop.out) == (
        1, 1, "mod.o: Module is already loaded as ID 0\n", "",
    )  # fmt: skip
    assert "other.o: securelevel is 1: " in start.err
    assert "mod.o: securelevel is 1: " in stop.err


def test_a_panic_ends_the_run_and_says_what_is_left(boot: Boot) -> None:
    boot.lab.misc("bomb", load='panic("boom"); return 0;')
    boot.lab.misc("mod")
    boot.conf("bomb.o - - - - -", "mod.o - - - - -")
    run = boot.run()
    assert (run.status, run.out) == (70, "")
    assert run.err.splitlines()[-2:] == [
        "rc.lkm: the kernel panicked: do_load() at <stdin>:11 (inlined) [bomb]",
        "rc.lkm: not loaded (the kernel panicked): bomb.o mod.o",
    ]


def test_without_an_lkm_conf_there_is_nothing_to_do(place: Place) -> None:
    """It says where it has looked; a file that was asked for and is not there is an error."""
    del place.env["LKM_CONF"]
    place.env.update(HOME=place.dir, XDG_CONFIG_HOME=f"{place.dir}/config")
    run = place.run("rc.lkm")
    assert (run.status, run.out) == (0, "")
    assert run.err.startswith(f"rc.lkm: no lkm.conf in {place.dir}/config/lkmtools or ")
    missing = f"{place.dir}/lkm.conf"
    assert Run(1, "", f"rc.lkm: {missing}: No such file or directory\n") == place.run(
        "rc.lkm", "--conf", missing
    )
    assert place.run("rc.lkm", "start", "LATER").status == 2
    assert not os.path.lexists(place.socket)
