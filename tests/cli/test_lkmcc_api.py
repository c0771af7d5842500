"""lkmcc --api at the command line: what it passes on, and what it says of a source that needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.daemons import Place

OLD = Path(__file__).parents[1] / "integration" / "dialects"


def test_a_source_that_needs_it_is_told_which(place: Place) -> None:
    """Once, after the compiler's messages; with the option it compiles, and the object has the dialect."""
    run = place.run("lkmcc", str(OLD / "old_chardev.c"))
    assert run.status == 1
    assert run.err.splitlines()[-1] == "lkmcc: this looks like a source for NetBSD 1.4: try --api=1.4"
    run = place.run("lkmcc", "--api=1.4", str(OLD / "old_chardev.c"))
    assert (run.status, run.out, run.err) == (0, "", "")
    run = place.run("lkmctl", "check", "--json", "old_chardev.o")
    assert '"dialect": "1.4"' in run.out


def test_other_sources_are_not(place: Place) -> None:
    """An error of another kind is no sign; nor is one in a source whose dialect was given."""
    Path(place.dir, "bad.c").write_text("int f(void) { return x; }\n")
    assert "this looks like" not in place.run("lkmcc", f"{place.dir}/bad.c").err
    for api in ("2.0", "5.2"):
        assert "this looks like" not in place.run("lkmcc", f"--api={api}", str(OLD / "old_chardev.c")).err


@pytest.mark.parametrize(("api", "flag"), [("1.4", "-D__LKM_API=104"), ("openbsd", "-D__OpenBSD__")])
def test_cflags_have_the_dialect(place: Place, api: str, flag: str) -> None:
    assert flag in place.run("lkmcc", "--cflags", f"--api={api}").out.split()


def test_an_unknown_dialect_is_named_with_the_known_ones(place: Place) -> None:
    run = place.run("lkmcc", "--api=3.0", "x.c")
    assert run.status == 2
    assert "'3.0' is not one of '1.4', '2.0', '4.0', '5.2', 'openbsd'" in run.err


def test_an_object_made_without_it_is_told_by_check(place: Place) -> None:
    """What the compiler only warned of is a missing symbol for the linker."""
    Path(place.dir, "x.c").write_text(
        '#include <sys/param.h>\n#include <sys/lkm.h>\nMOD_MISC("x");\n'
        "int x_lkmentry(struct lkm_table *t, int cmd, int ver);\n"
        "int x_lkmentry(struct lkm_table *t, int cmd, int ver) { return dev_init(0, t, ver); }\n"
    )
    place.run("lkmcc", "-w", f"{place.dir}/x.c", "-o", f"{place.dir}/x.o")
    run = place.run("lkmctl", "check", f"{place.dir}/x.o")
    assert "it has names of a source for NetBSD 1.4: compile it with lkmcc --api=1.4" in run.out + run.err


WRAPS = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/ucred.h>
static int call(struct proc *p, void *v, register_t *retval) { return SUSER; }
void take(void);
void take(void) { sysent[210].sy_call = call; }
"""


@pytest.mark.parametrize(
    ("suser", "api"), [("suser(p->p_ucred, &p->p_acflag)", "1.4"), ("suser(p, 0)", "openbsd")]
)
def test_a_system_call_of_a_struct_proc_is_older_than_2_0(place: Place, suser: str, api: str) -> None:
    """And suser() of a process is OpenBSD's. With the option there is nothing to say."""
    source = Path(place.dir, "wraps.c")
    source.write_text(WRAPS.replace("SUSER", suser))
    assert f"try --api={api}" in place.run("lkmcc", str(source)).err
    run = place.run("lkmcc", f"--api={api}", "-Werror", str(source))
    assert (run.status, run.err) == (0, "")
