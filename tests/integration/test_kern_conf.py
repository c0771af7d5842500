"""What stands in the empty places of device switches, who owns a major, and the system's own variables."""

from __future__ import annotations

from support.lab import Lab

SWITCHES = """
static const struct cdevsw sw[2] = {
    { noopen, noclose, noread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER },
    { nullopen, nullclose, nullread, nullwrite, nullioctl, nullstop, notty, nullpoll, nullmmap,
      nullkqfilter },
};
static const struct bdevsw bs = { noopen, noclose, NULL, noioctl, nodump, nosize, D_DISK };
int
probe_go(int which, int n)
{
    const struct cdevsw *s = &sw[which];

    switch (n) {
    case 0: return s->d_open(0, 0, 0, curlwp);
    case 1: return s->d_close(0, 0, 0, curlwp);
    case 2: return s->d_read(0, NULL, 0);
    case 3: return s->d_write(0, NULL, 0);
    case 4: return s->d_ioctl(0, 0, NULL, 0, curlwp);
    case 5: s->d_stop(NULL, 0); return s->d_tty != NULL;
    case 6: return s->d_poll(0, 0x45, curlwp);
    case 7: return (int)s->d_mmap(0, 0, 0);
    case 8: return bs.d_dump(0, 0, NULL, 0);
    case 9: return bs.d_ioctl(0, 0, NULL, 0, curlwp);
    }
    return -1;
}
"""
CONSTANTS = """
int
probe_go(int n)
{
    switch (n) {
    case 0: return enosys();
    case 1: return enoioctl();
    case 2: return enxio();
    case 3: return eopnotsupp();
    case 4: return nullop(NULL);
    case 5: return enodev();
    case 6: nullenodev(); return 7;
    }
    return -1;
}
"""
MAJORS = """
static const struct cdevsw none;
static const struct bdevsw bnone;
int
probe_go(int n)
{
    switch (n) {
    case 0: return cdevsw_lookup_major(cdevsw_lookup(makedev(28, 0)));
    case 1: return cdevsw_lookup_major(&none);
    case 2: return bdevsw_lookup_major(&bnone);
    case 3: return cdevsw_lookup(makedev(200, 0)) == NULL;
    case 4: return bdevsw_lookup(makedev(9, 0)) == NULL;
    case 5: return cdevsw_lookup_major(NULL);
    }
    return 0;
}
"""
VARIABLES = """
int
probe_go(int n)
{
    switch (n) {
    case 0: return nsysent;
    case 1: return ncpu;
    case 2: return cold;
    case 3: return panicstr == NULL;
    case 4: return securelevel;
    case 5: return strcmp(ostype, "NetBSD");
    case 6: return strcmp(osrelease, "5.2");
    case 7: return strcmp(machine, MACHINE);
    case 8: return strcmp(machine_arch, MACHINE_ARCH);
    case 9: return physmem;
    case 10: return strncmp(version, "NetBSD 5.2", 10);
    case 11: return copyright[0] != 0;
    }
    return -1;
}
"""


def test_the_no_entries_refuse_and_the_null_entries_succeed(lab: Lab) -> None:
    """ENODEV (19) for each no*, 0 for each null*; nopoll is seltrue."""
    lab.load(SWITCHES)
    refuse, succeed = (
        [lab.call("int probe_go(int which, int n)", which, n) for n in range(10)] for which in (0, 1)
    )
    assert refuse == [19, 19, 19, 19, 19, 0, 0x45, 19, 19, 19]
    assert succeed[:8] == [0, 0, 0, 0, 0, 0, 0, 0]


def test_functions_that_only_return_an_error(lab: Lab) -> None:
    """ENOSYS, ENOTTY, ENXIO, EOPNOTSUPP, 0, ENODEV; nullenodev returns."""
    lab.load(CONSTANTS)
    assert [lab.call("int probe_go(int n)", n) for n in range(7)] == [78, 25, 6, 45, 0, 19, 7]


def test_majors_are_found_by_driver_and_drivers_by_major(lab: Lab) -> None:
    """/dev/lkm is major 28; a driver that is not attached has NODEVMAJOR (-1)."""
    lab.load(MAJORS)
    assert [lab.call("int probe_go(int n)", n) for n in range(6)] == [28, -1, -1, 1, 1, -1]


def test_variables_of_the_system(lab: Lab) -> None:
    """512 system calls, one processor, warm, no panic, 128 MB; names and versions."""
    lab.load(VARIABLES)
    got = [lab.call("int probe_go(int n)", n) for n in range(12)]
    assert got == [512, 1, 0, 1, 0, 0, 0, 0, 0, 32768, 0, 1]
