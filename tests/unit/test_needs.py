"""What an object needs and has, read from its file: symbols, and emulations by its private struct."""

from __future__ import annotations

from lkmtools.link import load_object
from lkmtools.modules.needs import Needs, needs
from support.compiling import Compile

HEAD = """
#include <sys/param.h>
#include <sys/proc.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>
"""
ENTRY = """
int m_lkmentry(struct lkm_table *, int, int);
int m_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def read(cc: Compile, machine: str, source: str) -> Needs:
    """The needs of a module of this text, compiled."""
    path = cc(HEAD + source + ENTRY, machine=machine, name="m")
    return needs(load_object(path.read_bytes(), "m.o"))


def test_symbols_that_are_missing_and_there(cc: Compile, machine: str) -> None:
    """Globals; what is weak or static is nobody's need."""
    found = read(
        cc,
        machine,
        """extern int far_away; __attribute__((weak)) extern int perhaps; static int mine; int for_all;
        int use(void); int use(void) { return far_away + (&perhaps ? 1 : 0) + mine++; }
        MOD_MISC("m");""",
    )
    assert "far_away" in found.undefined
    assert {"perhaps", "mine", "for_all"} & found.undefined == set()
    assert {"for_all", "use", "m_lkmentry"} <= found.defined
    assert (found.wants, found.registers) == (set(), set())


def test_the_emulation_that_an_exec_module_names(cc: Compile, machine: str) -> None:
    found = read(cc, machine, 'static struct execsw sw = { 4 }; MOD_EXEC("m", -1, &sw, "strange");')
    assert (found.wants, found.registers) == ({"strange"}, set())


def test_an_exec_module_that_points_to_its_emulation_needs_no_name(cc: Compile, machine: str) -> None:
    """Neither to one of its own nor to another module's."""
    own = "static const struct emul e = { .e_name = 0 };"
    others = "extern const struct emul e;"
    for emul in (own, others):
        source = f'{emul} static struct execsw sw = {{ 4, .es_emul = &e }}; MOD_EXEC("m", -1, &sw, "no");'
        assert read(cc, machine, source).wants == set()


def test_the_emulation_that_a_compat_module_registers(cc: Compile, machine: str) -> None:
    found = read(cc, machine, 'static const struct emul e = { "strange" }; MOD_COMPAT("m", -1, &e);')
    assert (found.wants, found.registers) == (set(), {"strange"})
