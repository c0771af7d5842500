"""What each option of modload does."""

from __future__ import annotations

import json
import os

import pytest

from lkmtools.elf import identify, read_symbols
from support.daemon_lab import DaemonLab, lines


def test_n_does_everything_but_start_the_module(lab: DaemonLab) -> None:
    before = lab.status()
    assert lab.run("modload", "-n", lab.misc("m", load='panic("started");')) == (0, "", "")
    assert before == lab.status()


def test_v_prints_the_size_and_d_the_addresses_on_standard_error(lab: DaemonLab) -> None:
    obj = lab.misc("m")
    run = lab.run("modload", "-v", "-n", obj)
    assert run.err == "modload: reserving 12288 bytes of memory\n"
    debug = lab.run("modload", "-dn", obj).err
    assert ".text: addr = 0x0 size = " in debug
    assert "loading `.text': addr = 0xffffffff" in debug
    assert "\nmodentry = 0xffffffff" in debug


def test_no_file_is_written_without_o_or_S(lab: DaemonLab) -> None:
    obj = lab.misc("m")
    before = sorted(os.listdir(lab.dir))
    lab.run("modload", obj)
    assert before == sorted(os.listdir(lab.dir))


@pytest.mark.parametrize(
    ("argv", "output"), [(("-S",), "m"), (("-o", "image"), "image"), (("-So", "image"), "image")]
)
def test_o_and_S_write_an_executable_at_the_modules_address(
    lab: DaemonLab, argv: tuple[str, ...], output: str
) -> None:
    run = lab.run("modload", "--json", *argv, lab.misc("m"))
    data = (lab.dir / output).read_bytes()
    assert "executable" in identify(data)
    assert hex(read_symbols(data)["m_lkmentry"]) == json.loads(run.out)["modules"][0]["entry_address"]


@pytest.mark.parametrize(
    ("output", "why"), [("nodir/x", "No such file or directory"), ("/dev/full", "No space left on device")]
)
def test_an_output_file_that_cannot_be_written_loads_nothing(lab: DaemonLab, output: str, why: str) -> None:
    before = lab.status()
    run = lab.run("modload", "-o", output, lab.misc("m"))
    assert (run.status, run.out) == (1, "")
    first, second = run.err.splitlines()
    assert first.startswith(f"modload: can't link `m.o' creating `{output}' bound to 0x")
    assert second == f"modload: {output}: {why}"
    assert before == lab.status()


def test_an_explicit_xxxinit_is_the_default(lab: DaemonLab) -> None:
    """modload.c compares the text: NAME_lkmentry is tried next."""
    assert lab.run("modload", "-e", "xxxinit", lab.misc("m")) == (0, "Module loaded as ID 0\n", "")


def test_a_path_that_does_not_fit_the_original_s_buffer(lab: DaemonLab) -> None:
    """1023 bytes fit; one more is told as it was."""
    for length, text in ((1023, "nlist"), (1024, "program name is too big for buffer")):
        path = ("d/" * 512)[: length - 2] + ".o"
        run = lab.run("modload", path)
        assert run.status == 1
        assert run.err.startswith(f"modload: {text}")


IFUNC = """
    static int one(void) { return 1; }
    static int (*choose(void))(void) { return one; }
    int chosen(void) __attribute__((ifunc("choose")));
"""


def test_a_module_with_an_ifunc_that_nothing_uses_loads_but_not_with_s(each_lab: DaemonLab) -> None:
    """Whoever linked to it would call the function that chooses: refused, not left out in silence."""
    name = each_lab.misc("m", more=IFUNC)
    assert each_lab.run("modload", "-s", name) == (
        1,
        "",
        lines(
            "can't prelink `m.o' creating `m'",
            "m.o: symbol `chosen' is chosen at run time (ifunc), so other modules could not call it; compile "
            "without target_clones, or load without -s",
        ),
    )
    assert each_lab.run("modload", "-S", name) == (0, "Module loaded as ID 0\n", "")
    user = each_lab.misc("user", "return chosen();", more="int chosen(void);")
    run = each_lab.run("modload", "-A", "m", user)
    assert (run.status, "undefined symbol `chosen'" in run.err) == (1, True)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (IFUNC, "symbol `chosen' is chosen at run time (ifunc), which a kernel does not do; compile without "
         "target_clones"),
        ('__asm__(".section .init.text\\n.globl chosen\\nchosen: ret\\n.text");',
         "symbol `chosen' is in section .init.text, which is not loaded"),
    ],
    ids=["ifunc", "not loaded"],
)  # fmt: skip
def test_an_entry_point_where_no_code_is_loaded_is_refused(lab: DaemonLab, more: str, reason: str) -> None:
    """By modload and by lkmctl check."""
    name = lab.misc("m", more=more)
    text = f"m.o: entry point: {reason}"
    expected = lines("can't prelink `m.o' creating `m'", text)
    assert lab.run("modload", "-e", "chosen", name) == (1, "", expected)
    assert lab.run("lkmctl", "check", "-e", "chosen", name) == (1, f"{text}\n", "")


def test_a_default_version_is_found_by_its_plain_name_too(each_lab: DaemonLab) -> None:
    """In the kernel, where -s has put it, and in a file; another version is not."""
    lab = each_lab
    more = """int impl(void) { return 7; } int was(void) { return 6; }
        __asm__(".symver impl, shared@@V2\\n.symver was, shared@V1");"""
    assert lab.run("modload", "-sS", lab.misc("lower", more=more)).status == 0
    more = """int shared(void), newer(void), older(void);
        __asm__(".symver newer, shared@V2\\n.symver older, shared@V1");"""
    alone = lab.compile("alone", more + "int alone_lkmentry(void) { return shared() + newer() + older(); }")
    assert lab.run("modload", "--dry-run", "-A", "lower", alone).status == 0
    upper = lab.misc("upper", "return shared() * 100 + newer() * 10 + older() - 776;", more=more)
    assert lab.run("modload", upper) == (0, "Module loaded as ID 1\n", "")
    more = 'int old(void); __asm__(".symver old, shared@V3");'
    run = lab.run("modload", lab.misc("odd", "return old();", more=more))
    assert (run.status, run.err.splitlines()[1].partition(", first used at ")[0]) == (
        1,
        "modload: undefined symbol `shared@V3'",
    )
    assert "(`shared' is wanted in version V3 (.symver); the kernel's symbols have no versions)" in run.err


def test_A_takes_symbols_from_a_file_only(lab: DaemonLab) -> None:
    lower = lab.misc("lower", more="int shared(void) { return 7; }")
    lab.run("modload", "-S", lower)
    upper = lab.compile("upper", "int shared(void); int upper_lkmentry(void) { return shared() - 7; }")
    run = lab.run("modload", "--dry-run", "-A", "lower", upper)
    assert run.status == 0
    assert run.out.splitlines()[-1].endswith(" lower")
    assert lab.run("modload", "--dry-run", "-A", "nosuch", upper) == (
        1,
        "",
        lines("can't prelink `upper.o' creating `upper'", "nosuch: No such file or directory"),
    )


def test_A_takes_a_saved_image_of_ksyms(each_lab: DaemonLab) -> None:
    """What was loaded with -s when it was saved can be linked to; an image of another machine is refused."""
    lab = each_lab
    lab.run("modload", "-s", lab.misc("lower", more="int shared(void) { return 7; }"))
    assert lab.run("lkmctl", "ksyms", "-o", "saved.syms").status == 0
    upper = lab.misc("upper", "return shared() - 7;", more="int shared(void);")
    assert lab.run("modload", "-A", "saved.syms", upper) == (0, "Module loaded as ID 1\n", "")
    other = {"amd64": "i386", "i386": "amd64"}[lab.machine]
    image = bytearray((lab.dir / "saved.syms").read_bytes())
    image[18] = {"amd64": 62, "i386": 3}[other]
    (lab.dir / "other.syms").write_bytes(image)
    assert lab.run("modload", "-A", "other.syms", upper) == (
        1,
        "",
        lines(
            "can't prelink `upper.o' creating `upper'",
            f"other.syms is {other}; this kernel is {lab.machine}",
        ),
    )


def test_T_assigns_symbols_and_refuses_what_it_cannot_honour(lab: DaemonLab) -> None:
    obj = lab.compile("m", "extern char here[]; int m_lkmentry(void) { return (int)(long)here; }")
    (lab.dir / "s.ld").write_text("here = 0xffffffff80000000;\n")
    run = lab.run("modload", "--dry-run", "-T", "s.ld", obj)
    assert (run.status, run.out.splitlines()[-1].split()) == (0, ["here", "ffffffff80000000", "s.ld"])
    (lab.dir / "s.ld").write_text("here = 1;\nSECTIONS { }\n")
    run = lab.run("modload", "-T", "s.ld", obj)
    assert (run.status, run.err.startswith("modload: s.ld:2: SECTIONS { }: not supported")) == (1, True)
    (lab.dir / "s.ld").write_text("m_lkmentry = 1;\n")
    assert lab.run("modload", "-T", "s.ld", obj) == (
        1,
        "",
        lines(
            "can't prelink `m.o' creating `m'",
            "the linker script assigns `m_lkmentry', which m.o defines itself",
        ),
    )


def test_s_makes_symbols_that_later_modules_link_against(lab: DaemonLab) -> None:
    lower = lab.misc("lower", more="int shared(void) { return 7; }")
    upper = lab.misc("upper", load="return shared() - 7;", more="int shared(void);")
    assert lab.run("modload", lower, upper).status == 1  # without -s the second finds nothing
    assert lab.run("modunload", "lower").status == 0
    assert lab.run("modload", "-s", lower, upper).status == 0
    assert lab.names() == ["lower", "upper"]


def test_dry_run_shows_sizes_and_origins_and_needs_no_device(lab: DaemonLab) -> None:
    obj = lab.misc("m", load='printf("hello"); return 0;')
    with lab.daemon.connect("holder") as p:
        p.open("/dev/lkm")
        run = lab.run("modload", "--dry-run", obj)
    head, *rest = run.out.splitlines()
    assert (run.status, head) == (0, "m.o: 12288 bytes, entry m_lkmentry")
    assert [row.split()[2] for row in rest if row.split()[0] == "printf"] == ["kernel"]
    assert [row.split()[1] for row in rest if row.split()[0] == ".text"] == ["r-x"]


def test_json_describes_what_was_loaded_and_what_was_not(lab: DaemonLab) -> None:
    lower = lab.misc("lower", more="int shared(void) { return 0; }")
    upper = lab.misc("upper", load="return shared();", more="int shared(void);")
    run = lab.run("modload", "-s", "--json", lower, upper, "nosuch.o")
    document = json.loads(run.out)
    assert (run.status, document["version"], document["not_loaded"]) == (1, 1, ["nosuch.o"])
    assert document["error"] == {
        "status": 1,
        "message": "nlist nosuch.o: No such file or directory",
        "errno": None,
        "reason": "no file nosuch.o",
    }
    first, second = document["modules"]
    assert (first["path"], first["id"], first["entry"]) == ("lower.o", 0, "lower_lkmentry")
    origins = {row["name"]: row["from"] for row in second["imports"]}
    assert (origins["shared"], origins["lkmdispatch"]) == ("lower", "kernel")


def test_what_must_not_be_given(lab: DaemonLab) -> None:
    """The object itself as the output, by another name too; an empty name; what is no regular file."""
    obj = lab.misc("m")
    before = (lab.dir / obj).read_bytes()
    os.symlink(obj, lab.dir / "link")
    for output in (obj, "link", f"./{obj}"):
        run = lab.run("modload", "-o", output, obj)
        assert (run.status, run.err.splitlines()[1]) == (1, "modload: the output file is the input file")
    assert (lab.dir / obj).read_bytes() == before
    for option in ("-p", "-o", "-e"):
        run = lab.run("modload", option, "", obj)
        assert (run.status, run.err.splitlines()[0]) == (1, f"modload: {option} has an empty argument")
    os.mkfifo(lab.dir / "f.o")
    os.symlink("/dev/zero", lab.dir / "z.o")
    for name in ("f.o", "z.o"):
        assert lab.run("modload", name) == (1, "", f"modload: nlist {name}: not a regular file\n")
        assert lab.run("lkmctl", "check", name).status == 1
    assert lab.names() == []
