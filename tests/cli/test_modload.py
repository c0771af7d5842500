"""modload against a kernel: every exit status with its message and reason."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path

import pytest

from support.daemon_lab import DaemonLab, lines
from support.daemons import Place
from support.elfwriter import AX, NOTE, Sec, Sym, relocatable

USAGE = (
    "usage:\n"
    "modload [-dfnsSv] [-A <kernel>] [-e <entry>] [-p <postinstall>]\n"
    "        [-o <output file>] [-T <linker_script>] <input file>\n"
)


def test_a_module_loads_and_its_id_is_printed(each_lab: DaemonLab) -> None:
    assert each_lab.run("modload", each_lab.misc("hello")) == (0, "Module loaded as ID 0\n", "")
    assert each_lab.names() == ["hello"]


def test_several_modules_load_in_order(lab: DaemonLab) -> None:
    run = lab.run("modload", lab.misc("a"), lab.syscall("b"), lab.device("c"))
    assert run == (0, "".join(f"Module loaded as ID {n}\n" for n in range(3)), "")
    assert lab.names() == ["a", "b", "c"]


def test_the_first_module_that_fails_ends_the_run(lab: DaemonLab) -> None:
    run = lab.run("modload", lab.misc("a"), lab.misc("bad", load="return EINVAL;"), lab.misc("c"))
    assert (run.status, run.out) == (14, "Module loaded as ID 0\n")
    assert run.err == lines(
        "error initializing module: Invalid argument",
        "its entry point returned 22 (EINVAL)",
        "not loaded: bad.o c.o",
    )
    assert lab.names() == ["a"]


def test_no_operand_prints_only_the_historic_usage_text(place: Place) -> None:
    assert place.run("modload") == (1, "", USAGE)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("-q", "a.o"), "unknown option -- q"),
        (("-e",), "option requires an argument -- e"),
        (("--dry-rum", "a.o"), "No such option '--dry-rum'. Did you mean '--dry-run'?"),
        (("-e", "x", "a.o", "b.o"), "-e with 2 objects: takes one object only"),
        (("-o", "x", "-p", "y", "a.o", "b.o"), "-o -p with 2 objects: takes one object only"),
    ],
)
def test_a_usage_error_is_named_and_exits_1(place: Place, argv: tuple[str, ...], message: str) -> None:
    assert place.run("modload", *argv) == (1, "", lines(message) + USAGE)


def test_an_object_must_end_in_o_and_the_right_one_is_suggested(lab: DaemonLab) -> None:
    lab.misc("hello")
    (lab.dir / "hello.c").write_text("")
    suffix = "module object must end in .o"
    near = "no file hello; did you mean hello.o?"
    assert lab.run("modload", "hello") == (2, "", lines(suffix, near))
    source = "hello.c is a source file; compile it with lkmcc hello.c"
    assert lab.run("modload", "hello.c") == (2, "", lines(suffix, source))
    assert lab.run("modload", "zzz") == (2, "", lines(suffix, "no file zzz"))


def test_a_missing_object_is_reported_as_nlist_does(lab: DaemonLab) -> None:
    lab.misc("hello")
    expected = lines("nlist helo.o: No such file or directory", "no file helo.o; did you mean hello.o?")
    assert lab.run("modload", "helo.o") == (1, "", expected)


def test_a_file_that_is_no_elf_object_is_refused(lab: DaemonLab) -> None:
    (lab.dir / "junk.o").write_text("int x;\n")
    run = lab.run("modload", "junk.o")
    assert (run.status, run.err.splitlines()[0]) == (
        1,
        "modload: nlist junk.o: Inappropriate file type or format",
    )


def test_an_object_for_another_machine_is_refused_with_both_names(lab: DaemonLab) -> None:
    obj = lab.compile("other", "int other_lkmentry(void) { return 0; }", machine="i386")
    expected = lines("can't prelink `other.o' creating `other'", "other.o is i386; this kernel is amd64")
    assert lab.run("modload", obj) == (1, "", expected)


def test_xxxinit_is_preferred_to_name_lkmentry(lab: DaemonLab) -> None:
    more = "int xxxinit(struct lkm_table *l, int cmd, int ver) { return EPERM; }"
    run = lab.run("modload", lab.misc("both", more=more))
    assert (run.status, run.err.splitlines()[0]) == (
        14,
        "modload: error initializing module: Operation not permitted",
    )


def test_an_object_without_an_entry_point_is_refused(lab: DaemonLab) -> None:
    os.rename(lab.dir / lab.misc("hello"), lab.dir / "bye.o")
    expected = lines(
        "entry point _bye_lkmentry not found in bye.o",
        "bye.o defines hello_lkmentry; use -e hello_lkmentry",
    )
    assert lab.run("modload", "bye.o") == (1, "", expected)
    assert lab.run("modload", "-e", "hello_lkmentry", "bye.o").status == 0


def test_an_explicit_entry_point_has_no_second_choice(lab: DaemonLab) -> None:
    expected = lines("entry point _nosuch not found in m.o", "m.o defines m_lkmentry; use -e m_lkmentry")
    assert lab.run("modload", "-enosuch", lab.misc("m")) == (1, "", expected)


def test_all_undefined_symbols_are_reported_with_who_needs_them(lab: DaemonLab) -> None:
    obj = lab.misc("m", load="return first() + second();", more="int first(void); int second(void);")
    run = lab.run("modload", obj)
    head, first, second = run.err.splitlines()
    assert (run.status, head) == (1, "modload: can't prelink `m.o' creating `m'")
    assert first.startswith("modload: undefined symbol `first', first used at ")
    assert second.startswith("modload: undefined symbol `second', first used at ")


def test_securelevel_1_refuses_the_reservation(lab: DaemonLab) -> None:
    assert lab.run("lkmctl", "sysctl", "kern.securelevel=1").status == 0
    run = lab.run("modload", lab.misc("m"))
    assert run.status == 9
    assert run.err.splitlines()[0] == "modload: can't reserve memory: Operation not permitted"
    assert "securelevel" in run.err.splitlines()[1]


def test_a_version_mismatch_says_so_and_force_skips_it(lab: DaemonLab) -> None:
    more = "#undef __NetBSD_Version__\n#define __NetBSD_Version__ 300000000"
    source = f"{more}\n" + 'MOD_MISC("m");\n'
    entry = (
        "int m_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)"
        "{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }"
    )
    obj = lab.compile("m", source + entry)
    run = lab.run("modload", obj)
    assert (run.status, run.err.splitlines()[0]) == (
        14,
        "modload: error initializing module: Program version wrong",
    )
    forced = "Forced load of LKM 'm'. MAY CAUSE SYSTEM INSTABILITY."
    assert lab.run("modload", "-f", obj) == (0, "Module loaded as ID 0\n", lines(forced))


def test_headers_of_another_interface_are_refused_and_force_takes_them(lab: DaemonLab) -> None:
    """The number of the note is compared; an object without one is loaded, as ever."""
    note = struct.pack("<III", 9, 4, 1) + b"lkmtools\0\0\0\0" + struct.pack("<I", 1)
    code = Sec(".text", b"\xb8\x16\0\0\0\xc3", flags=AX)  # return EINVAL
    symbols = [Sym("m_lkmentry", ".text")]
    Path(lab.dir, "m.o").write_bytes(relocatable([code, Sec(".note.lkmtools", note, NOTE, 0, 4)], symbols))
    expected = lines(
        "can't prelink `m.o' creating `m'",
        "m.o: compiled for interface 1 of lkmtools; this kernel has 2; compile it again",
    )
    assert lab.run("modload", "m.o") == (1, "", expected)
    assert lab.run("modload", "-f", "m.o").status == 14
    Path(lab.dir, "m.o").write_bytes(relocatable([code], symbols))
    assert lab.run("modload", "m.o").status == 14


def test_a_second_module_of_a_wired_type_and_name_says_who_has_it(lab: DaemonLab) -> None:
    obj = lab.syscall("call")
    lab.run("modload", obj)
    expected = lines("error initializing module: File exists", "LKM 'call' is already loaded as ID 0")
    assert lab.run("modload", obj) == (14, "", expected)


def test_the_postinstall_program_gets_its_arguments_and_a_free_device(lab: DaemonLab) -> None:
    post = lab.dir / "post.sh"
    post.write_text(f"#!/bin/sh\necho $0 $*\nexec {Path(sys.executable).parent}/modstat --json\n")
    post.chmod(0o755)
    run = lab.run("modload", "-p", "./post.sh", lab.device("d"))
    loaded, argv, shown = run.out.split("\n", 2)
    major = json.loads(shown)["modules"][0]["char_major"]
    assert (run.status, loaded, argv) == (0, "Module loaded as ID 0", f"./post.sh 0 0x2 {major} -1")


def test_a_postinstall_program_that_cannot_be_executed_exits_16(lab: DaemonLab) -> None:
    run = lab.run("modload", "-p", "./nosuch", lab.misc("m"))
    expected = (16, "Module loaded as ID 0\n", lines("can't exec `./nosuch': No such file or directory"))
    assert run == expected
    assert lab.names() == ["m"]


def test_a_panic_exits_70_with_the_report_and_nothing_stays_loaded(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("before"))
    run = lab.run("modload", lab.misc("bad", load='panic("on purpose");'))
    assert (run.status, run.out) == (70, "")
    assert run.err.splitlines()[-1].startswith("modload: the kernel panicked: ")
    assert "on purpose" in run.err
    assert "[bad]" in run.err
    assert lab.names() == []


def test_no_daemon_exits_69(place: Place) -> None:
    run = place.run("modload", "--socket", "/nonexistent/s", "x.o")
    assert (run.status, run.err.startswith("modload: ")) == (69, True)


def test_a_tool_that_waits_says_after_a_second_who_holds_the_device(lab: DaemonLab) -> None:
    with lab.daemon.connect("holder") as p:
        fd = p.open("/dev/lkm")
        process = lab.daemon.popen("modload", lab.misc("m"))
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        p.close(fd)
        process.communicate()
    assert (process.returncode, said) == (
        0,
        f"modload: waiting for the kernel: /dev/lkm is open in holder (pid {os.getpid()})\n",
    )
