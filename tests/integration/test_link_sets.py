"""Link sets: what the sources of a module add to a set is there, and one loop goes over it (elf(5))."""

from __future__ import annotations

from pathlib import Path

from support.daemons import Daemon
from support.lab import Lab

HEADER = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
struct probe { const char *name; int value; };
"""
FIRST = (
    HEADER
    + """
MOD_MISC("both");
__link_set_decl(probes, struct probe);
static struct probe pa = { "alpha", 1 }, pb = { "beta", 2 };
__link_set_add_data(probes, pa);
__link_set_add_rodata(probes, pb);
static int both_load(struct lkm_table *t, int cmd)
{
	struct probe * const *p;
	int n, sum = 0;
	__link_set_foreach(p, probes)
		sum += (*p)->value;
	for (n = 0; n < __link_set_count(probes); n++)
		sum += 10 * __link_set_entry(probes, n)->value;
	printf("both: %d entries, sum %d\\n", n, sum);
	return 0;
}
int both_lkmentry(struct lkm_table *lkmtp, int cmd, int ver);
int both_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, both_load, lkm_nofunc, lkm_nofunc); }
"""
)
SECOND = (
    HEADER
    + """
static struct probe pc = { "gamma", 4 };
__link_set_add_bss(probes, pc);
"""
)


def test_every_source_adds_to_the_set_of_the_module(daemon: Daemon) -> None:
    """`lkmcc -r` joins them."""
    for name, source in (("first.c", FIRST), ("second.c", SECOND)):
        Path(daemon.dir, name).write_text(source)
    made = daemon.run("lkmcc", "-r", "-o", "both.o", "first.c", "second.c")
    assert made.status == 0, made.err
    assert daemon.run("modload", "both.o").status == 0
    assert daemon.run("lkmctl", "dmesg").out.splitlines()[-1] == "both: 3 entries, sum 77"


def test_functions_are_members_too(lab: Lab) -> None:
    """Of a set that is called one after the other, as sysctl_funcs was."""
    lab.load("""
typedef int init_fn(void);
__link_set_decl(inits, init_fn);
static int one(void) { return 1; }
static int ten(void) { return 10; }
__link_set_add_text(inits, one);
__link_set_add_text(inits, ten);
int probe_run(void);
int probe_run(void)
{
	init_fn * const *f;
	int sum = 0;
	__link_set_foreach(f, inits)
		sum += (*f)();
	return sum;
}
""")
    assert lab.call("int probe_run(void)") == 11


def test_the_names_of_the_module_types_are_in_their_order(lab: Lab) -> None:
    """MODTYPE_NAMES of <sys/lkm.h>, which modstat(8) uses."""
    lab.load("""
#include <sys/lkm.h>
static const char *names[] = { MODTYPE_NAMES };
int probe_run(void);
int probe_run(void)
{
	return strcmp(names[LM_SYSCALL], "SYSCALL") == 0 && strcmp(names[LM_MISC], "MISC") == 0 &&
		strcmp(names[LM_DRV], "DRV") == 0 && sizeof(names) / sizeof(names[0]) == LM_DRV + 1;
}
""")
    assert lab.call("int probe_run(void)") == 1
