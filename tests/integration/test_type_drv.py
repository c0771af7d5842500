"""DRV modules: drivers, attachments and tables of devices; pseudo-devices and children attach and detach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, EOPNOTSUPP, ESRCH
from lkmtools.abi.stat import S_IFCHR
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner

TICKER = Path(__file__).parents[2] / "examples/ticker/ticker.c"


def console(lab: Lab, word: str) -> list[str]:
    """The console's lines that have `word`."""
    return [line for line in lab.dmesg.splitlines() if word in line]


# -- the sample --------------------------------------------------------------------------------------------


def test_ticker_is_used_and_goes(lab: Lab) -> None:
    """Two pseudo-devices; a program reads one; EBUSY while it is open, ENXIO of a third and afterwards."""
    loaded = lab.load(TICKER, name="ticker")
    assert console(lab, "ticker") == ["ticker: character major 180", "ticker0: attached", "ticker1: attached"]
    assert modules.stat(lab.p, loaded.id).offset == -1
    for unit in range(3):
        lab.p.mknod(f"/dev/ticker{unit}", S_IFCHR | 0o666, makedev(180, unit))
    runner = Runner(lab.cc, lab.machine, lab.kernel)
    read = (
        'char b[40] = ""; int fd = open("/dev/ticker1", 0); read(fd, b, 40); printf("%.9s %d\\n", b, errno);'
    )
    assert runner.main(read).out == "ticker1:  0\n"
    assert runner.main(read.replace("ticker1", "ticker2")).out == " 9\n"
    fd = lab.p.open("/dev/ticker1")
    lab.until(lambda: lab.p.pread(fd, 40, 0) > b"ticker1: 0\n")
    with pytest.raises(KernelError, match="character device 180, 1 of 'ticker' is open") as caught:
        modules.unload(lab.p, "ticker")
    assert caught.value.errno == EBUSY
    lab.p.close(fd)
    modules.unload(lab.p, "ticker")
    assert console(lab, "detached") == ["ticker0: detached", "ticker1: detached"]
    assert runner.main(read).out == " 9\n"
    assert errno_of(lab.p.open, "/dev/ticker1") == 6
    assert lab.tables() == lab.boot_tables


def test_ticker_comes_again(lab: Lab) -> None:
    """The same majors and units; nothing of the first time is left."""
    lab.load(TICKER, name="ticker")
    heap = lab.k.heap.used
    for _ in range(3):
        modules.unload(lab.p, "ticker")
        lab.load(TICKER, name="ticker")
    assert lab.k.heap.used == heap
    assert console(lab, "attached") == ["ticker0: attached", "ticker1: attached"] * 4


# -- what is refused ---------------------------------------------------------------------------------------

HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/exec.h>
#include <sys/lkm.h>
"""
DRIVER = """
struct soft { struct device d; int n; };
int refuse, attached, detached, matched, rescanned, gone;
static int match(device_t p, cfdata_t cf, void *aux) { matched++; return cf->cf_flags; }
static void attach(device_t p, device_t self, void *aux)
{
	struct soft *sc = (struct soft *)self;
	sc->n = ++attached;
	if (p != NULL)
		printf(": flags %d\\n", device_cfdata(self)->cf_flags);
}
static int detach(device_t self, int flags) { detached++; return refuse; }
static int rescan(device_t self, const char *attr, const int *locs) { rescanned++; return 0; }
static void childdet(device_t self, device_t child) { gone++; }
CFDRIVER_DECL(@, DV_DULL, NULL);
CFATTACH_DECL2(@, sizeof(struct soft), match, attach, detach, NULL, rescan, childdet);
static struct cfdata table[] = {
	{ "@", "@", 0, FSTATE_STAR, NULL, 7, NULL },
	{ "@", "@", 9, FSTATE_NOTFOUND, NULL, 8, NULL },
	{ NULL }
};
static struct cfdriver *drivers[] = { &@_cd, NULL };
static struct cfattach *attachments[] = { &@_ca, NULL };
static const struct cfattachlkminit init[] = { { "@", attachments }, { NULL, NULL } };
"""
TAIL = """
int NAME_lkmentry(struct lkm_table *, int, int);
int NAME_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def load(lab: Lab, name: str, driver: str = "foo", body: str = DRIVER, extra: str = "", mod: str = "") -> Any:
    """A DRV module with the driver above."""
    mod = mod or f'MOD_DRV("{name}", drivers, init, table)\n'
    text = HEAD + body.replace("@", driver) + extra.replace("@", driver) + mod + TAIL.replace("NAME", name)
    return lab.load(text, name=name, whole=True)


USE = """
int pseudo(int row)
{
	device_t d = config_attach_pseudo(&table[row]);
	return d == NULL ? -1 : device_unit(d);
}
int drop(int unit, int flags) { return config_detach(device_lookup(&@_cd, unit), flags); }
"""


def test_units_are_given_and_freed(lab: Lab) -> None:
    """A row with a star has the first free unit, one with a number only that; EBUSY of ca_detach is kept."""
    load(lab, "one", extra=USE)
    made = [lab.call("int pseudo(int row)", row) for row in (0, 0, 1, 1, 0)]
    assert made == [0, 1, 9, -1, 2]
    lab.k.mem.set_u32(lab.symbols["refuse"], EBUSY)
    assert lab.call("int drop(int unit, int flags)", 1, 0) == EBUSY
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "one")
    assert (caught.value.errno, caught.value.reason) == (
        EBUSY, "LKM 'one' refused: foo0 does not let itself be detached",
    )  # fmt: skip
    lab.k.mem.set_u32(lab.symbols["refuse"], 0)
    assert lab.call("int drop(int unit, int flags)", 1, 2) == 0  # DETACH_QUIET
    assert console(lab, "detached") == []
    assert lab.call("int pseudo(int row)", 0) == 1
    modules.unload(lab.p, "one")
    assert console(lab, "detached") == [f"foo{unit}: detached" for unit in (0, 9, 2, 1)]
    assert lab.tables() == lab.boot_tables


def test_a_refusal_of_a_forced_detach_is_a_panic(lab: Lab) -> None:
    load(lab, "one", extra=USE)
    lab.call("int pseudo(int row)", 0)
    lab.k.mem.set_u32(lab.symbols["refuse"], EBUSY)
    panic = lab.panics(lambda: lab.call("int drop(int unit, int flags)", 0, 1))
    assert panic.reason == "config_detach: forced detach of foo0 failed (16)"


def test_a_device_that_is_none_is_a_panic(lab: Lab) -> None:
    load(lab, "one", extra=USE)
    panic = lab.panics(lambda: lab.call("int drop(int unit, int flags)", 5, 0))
    assert panic.reason == "config_detach: 0x0 is not a device"


def test_a_name_is_loaded_once_and_a_driver_shared(lab: Lab) -> None:
    """EEXIST for the module's name; a driver and an attachment that are there are dropped from its lists."""
    load(lab, "one")
    assert errno_of(load, lab, "one") == EEXIST
    load(lab, "two")
    assert console(lab, "already") == [
        "driver foo already present",
        "driver attachment foo for foo already present",
    ]
    modules.unload(lab.p, "two")
    assert [k.name for k in modules.stat_all(lab.p)] == ["one"]
    modules.unload(lab.p, "one")
    load(lab, "two")
    modules.unload(lab.p, "two")
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize("first", ["one", "two"])
def test_modules_that_share_a_driver_go_in_any_order(lab: Lab, first: str) -> None:
    """Each takes out what it has put in."""
    load(lab, "one")
    load(lab, "two")
    modules.unload(lab.p, first)
    modules.unload(lab.p, "one" if first == "two" else "two")
    assert lab.tables() == lab.boot_tables


def test_a_driver_stays_while_another_module_has_an_attachment_for_it(lab: Lab) -> None:
    """EBUSY, as often as it is tried, and nothing of the module is detached; then it goes."""
    other = DRIVER.replace("CFATTACH_DECL2(@,", "CFATTACH_DECL2(bar,").replace("&@_ca", "&bar_ca")
    load(lab, "one", extra=USE)
    load(lab, "two", body=other.replace('{ "@", "@",', '{ "@", "bar",'))
    lab.call("int pseudo(int row)", 0)
    for _ in range(2):
        with pytest.raises(KernelError) as caught:
            modules.unload(lab.p, "one")
        assert (caught.value.errno, caught.value.reason) == (
            EBUSY, "LKM 'one' refused: driver 'foo' has the attachment 'bar' of another module",
        )  # fmt: skip
    assert console(lab, "foo") == ["driver foo already present", *["foo: unable to deregister cfdriver"] * 2]
    modules.unload(lab.p, "two")
    modules.unload(lab.p, "one")
    assert lab.tables() == lab.boot_tables


def test_a_refused_unload_can_be_tried_again(lab: Lab) -> None:
    """A device that is in no table of the module's: EBUSY until it is gone, although the table is gone."""
    extra = (
        USE
        + """
static struct cfdata lonely[] = { { "@", "@", 4, FSTATE_NOTFOUND, NULL, 0, NULL } };
int alone(void);
int alone(void) { return device_unit(config_attach_pseudo(lonely)); }
"""
    )
    load(lab, "one", extra=extra)
    assert lab.call("int alone(void)") == 4
    for _ in range(2):
        with pytest.raises(KernelError, match="foo4 uses it"):
            modules.unload(lab.p, "one")
    assert lab.call("int drop(int unit, int flags)", 4, 0) == 0
    modules.unload(lab.p, "one")
    assert lab.tables() == lab.boot_tables


def test_an_attachment_for_no_driver_leaves_nothing(lab: Lab) -> None:
    """ESRCH; the driver that was attached before it goes again."""
    body = DRIVER.replace('init[] = { { "@"', 'init[] = { { "nobody"')
    assert errno_of(load, lab, "one", "foo", body) == ESRCH
    assert console(lab, "unable") == ["foo: unable to register cfattach"]
    assert lab.tables() == lab.boot_tables


def test_a_failing_load_handler_undoes_all_three(lab: Lab) -> None:
    mod = 'MOD_DRV("one", drivers, init, table)\n'
    mod += "static int fail(struct lkm_table *t, int c) { return EINVAL; }\n"
    text = (
        HEAD + DRIVER.replace("@", "foo") + mod + TAIL.replace("NAME", "one").replace("lkm_nofunc", "fail", 1)
    )
    assert errno_of(lambda: lab.load(text, name="one", whole=True)) == EINVAL
    assert lab.tables() == lab.boot_tables


CALLS = """
static struct cfdriver same_cd = { .cd_name = "@" };
static struct cfattach other_ca = { .ca_name = "@" };
static struct cfdata empty[] = { { NULL } };
int calls(int n);
int calls(int n)
{
	device_t d = device_lookup(&@_cd, 0);
	switch (n) {
	case 0: return config_cfdriver_attach(&same_cd);
	case 1: return config_cfdriver_detach(&same_cd);
	case 2: return config_cfdriver_detach(&@_cd);
	case 3: return config_cfattach_attach("@", &other_ca);
	case 4: return config_cfattach_attach("nobody", &other_ca);
	case 5: return config_cfattach_detach("@", &other_ca);
	case 6: return config_cfattach_detach("nobody", &@_ca);
	case 7: return config_cfattach_detach("@", &@_ca);
	case 8: return config_cfdata_detach(empty);
	case 9: return config_cfdriver_lookup("@") == &@_cd && config_cfdriver_lookup("nobody") == NULL;
	case 10: return config_cfattach_lookup("@", "@") == &@_ca && config_cfattach_lookup("@", "x") == NULL;
	case 11: return device_lookup(&@_cd, 100) == NULL && device_lookup(&@_cd, -1) == NULL;
	case 12: return device_find_by_xname("@0") == device_find_by_driver_unit("@", 0);
	case 13: return device_find_by_xname("@0") == d && device_find_by_xname("x0") == NULL;
	case 14: return device_private(d) == d && device_private(NULL) == NULL;
	case 15: return device_cfdriver(d) == &@_cd && device_cfattach(d) == &@_ca;
	case 16: return device_class(d) == DV_DULL && device_parent(d) == NULL && d->dv_depth == 0;
	case 17: return device_is_active(d) && device_is_a(d, "@") && !device_is_a(d, "x");
	case 18: return strcmp(device_xname(d), "@0") == 0;
	}
	return -1;
}
"""


def test_what_the_calls_answer(lab: Lab) -> None:
    """EEXIST, ESRCH, EBUSY and EINVAL of autoconf(9), and looking things up."""
    load(lab, "one", extra=USE + CALLS)
    call = "int calls(int n)"
    assert [lab.call(call, n) for n in (0, 1, 2, 3, 4, 5, 6)] == [
        EEXIST, ESRCH, EBUSY, EEXIST, ESRCH, ESRCH, ESRCH,
    ]  # fmt: skip
    lab.call("int pseudo(int row)", 0)
    assert [lab.call(call, n) for n in (2, 7, 8)] == [EBUSY, EBUSY, EINVAL]
    assert [lab.call(call, n) for n in range(9, 19)] == [1] * 10


BUS = """
static const struct cfiattrdata bus_attr = { "slot", 0, {{ NULL, NULL, 0 }} };
static const struct cfiattrdata * const attrs[] = { &bus_attr, NULL };
static const struct cfparent in_slot = { "slot", "bus", DVUNIT_ANY };
static const struct cfparent elsewhere = { "slot", "bus", 5 };
static int bus_match(device_t p, cfdata_t cf, void *aux) { return 1; }
static void bus_attach(device_t p, device_t self, void *aux) { }
CFDRIVER_DECL(bus, DV_BUS, attrs);
CFATTACH_DECL(bus, sizeof(struct device), bus_match, bus_attach, NULL, NULL);
static struct cfdata bus_table[] = {
	{ "bus", "bus", 0, FSTATE_NOTFOUND, NULL, 0, NULL },
	{ "@", "@", 0, FSTATE_STAR, NULL, 3, &in_slot },
	{ "@", "@", 0, FSTATE_STAR, NULL, 4, &in_slot },
	{ "@", "@", 0, FSTATE_STAR, NULL, 9, &elsewhere },
	{ NULL }
};
static device_t bus;
static int print(void *aux, const char *pnp)
{
	if (pnp)
		printf("something at %s", pnp);
	return UNCONF;
}
int find(int whether);
int find(int whether)
{
	int error;
	if (bus == NULL) {
		if ((error = config_cfdriver_attach(&bus_cd)) != 0)
			return -error;
		if ((error = config_cfattach_attach("bus", &bus_ca)) != 0)
			return -error;
		if ((error = config_cfdata_attach(bus_table, 1)) != 0)
			return -error;
		bus = config_attach_pseudo(bus_table);
	}
	if (!whether)
		bus_table[1].cf_flags = bus_table[2].cf_flags = 0;
	return config_found(bus, NULL, print) != NULL;
}
int clear(void *which, int flags);
int clear(void *which, int flags) { return config_detach_children(which ? which : bus, flags); }
int unfind(void);
int unfind(void) { return config_cfdata_detach(bus_table); }
"""


def test_a_bus_finds_the_driver_that_matches_best(lab: Lab) -> None:
    """ca_match decides among the rows of this parent; that none does is said; a bus stays."""
    load(lab, "one", extra=BUS)
    assert lab.call("int find(int whether)", 1) == 1
    assert console(lab, "foo0") == ["foo0 at bus0: flags 4"]
    assert lab.call("int find(int whether)", 1) == 1
    assert lab.call("int find(int whether)", 0) == 0
    assert console(lab, "something") == ["something at bus0 not configured"]
    assert lab.call("int unfind(void)") == EOPNOTSUPP


def test_children_of_a_bus_are_detached_the_last_first(lab: Lab) -> None:
    """All of them; the first that refuses ends it. What is no device is a panic."""
    load(lab, "one", extra=BUS)
    assert [lab.call("int find(int whether)", 1) for _ in range(3)] == [1, 1, 1]
    lab.k.mem.set_u32(lab.symbols["refuse"], EBUSY)
    assert lab.call("int clear(void *which, int flags)", 0, 0) == EBUSY
    assert console(lab, "detached") == []
    lab.k.mem.set_u32(lab.symbols["refuse"], 0)
    assert lab.call("int clear(void *which, int flags)", 0, 0) == 0
    assert console(lab, "detached") == ["foo2: detached", "foo1: detached", "foo0: detached"]
    panic = lab.panics(lambda: lab.call("int clear(void *which, int flags)", 8, 0))
    assert panic.reason == "config_detach_children: 0x8 is not a device"


MEANWHILE = """
static int more;
static void others(device_t self, device_t child) { config_detach_children(self, 0); }
static void again(device_t self, device_t child) { if (more-- > 0) config_found(self, NULL, print); }
static int bus_detach(device_t self, int flags) { return config_detach_children(self, flags); }
void meanwhile(int n);
void meanwhile(int n) { more = n; bus_ca.ca_detach = bus_detach;
	bus_ca.ca_childdetached = n ? again : others; }
"""


@pytest.mark.parametrize(
    ("more", "gone"), [(0, ["foo2", "foo1", "foo0"]), (2, ["foo2", "foo2", "foo2", "foo1", "foo0"])]
)
@pytest.mark.parametrize(
    ("call", "last"), [("int clear(void *which, int flags)", []), ("int unfind(void)", ["bus0"])]
)
def test_devices_that_come_and_go_while_others_are_detached(
    lab: Lab, call: str, last: list[str], more: int, gone: list[str]
) -> None:
    """What is there at each time counts."""
    load(lab, "one", extra=BUS + MEANWHILE)
    assert [lab.call("int find(int whether)", 1) for _ in range(3)] == [1, 1, 1]
    lab.call("void meanwhile(int n)", more)
    assert lab.call(call, *([] if last else [0, 0])) == 0
    assert console(lab, "detached") == [f"{name}: detached" for name in gone + last]


def test_strmod_answers_as_a_kernel_without_streams(lab: Lab) -> None:
    """ENXIO, and the tables stay as they were."""
    mod = 'static struct lkm_strmod _module = { __LKM_MOD(LM_STRMOD, "str", -1) };\n'
    assert errno_of(lambda: lab.load(HEAD + mod + TAIL.replace("NAME", "str"), name="str", whole=True)) == 6
    assert lab.tables() == lab.boot_tables
