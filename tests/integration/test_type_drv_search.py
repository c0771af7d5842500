"""A bus looks for the row of a child itself, and a child asks where it is: config_search_loc() and others."""

from __future__ import annotations

from support.lab import Lab

SOURCE = """
#include <sys/device.h>
static const struct cfiattrdata slot = { "slot", 0, {{ NULL, NULL, 0 }} };
static const struct cfiattrdata * const attrs[] = { &slot, NULL };
static const struct cfparent in_slot = { "slot", "bus", DVUNIT_ANY }, elsewhere = { "slot", "bus", 5 };
static int match(device_t p, cfdata_t cf, void *aux) { return cf->cf_flags; }
static void attach(device_t p, device_t self, void *aux) { }
CFDRIVER_DECL(bus, DV_BUS, attrs);
CFATTACH_DECL(bus, sizeof(struct device), match, attach, NULL, NULL);
CFDRIVER_DECL(kid, DV_DULL, NULL);
CFATTACH_DECL(kid, sizeof(struct device), match, attach, NULL, NULL);
static struct cfdata table[] = {
	{ "bus", "bus", 0, FSTATE_NOTFOUND, NULL, 0, NULL },
	{ "kid", "kid", 0, FSTATE_STAR, NULL, 3, &in_slot },
	{ "kid", "kid", 0, FSTATE_STAR, NULL, 4, &in_slot },
	{ "kid", "kid", 0, FSTATE_STAR, NULL, 9, &elsewhere },
	{ NULL }
};
static const int locs[] = { 7, 8 };
static device_t bus;
static int seen, given;

/* What config_search() calls: with aux it wants no row. */
static int
candidate(device_t p, cfdata_t cf, const int *locs, void *aux)
{
	seen = seen * 10 + cf->cf_flags;
	given = locs != NULL ? locs[0] : -1;
	return aux != NULL ? 0 : cf->cf_flags;
}

int probe_begin(void);
int
probe_begin(void)
{
	if (config_cfdriver_attach(&bus_cd) || config_cfattach_attach("bus", &bus_ca))
		return 1;
	if (config_cfdriver_attach(&kid_cd) || config_cfattach_attach("kid", &kid_ca))
		return 2;
	if (config_cfdata_attach(table, 0))
		return 3;
	bus = config_attach_pseudo(table);
	return bus == NULL ? 4 : 0;
}

int probe_search(int which);
int
probe_search(int which)
{
	device_t child;
	cfdata_t cf;

	seen = 0;
	switch (which) {
	case 0:
		cf = config_search_ia(candidate, bus, "slot", NULL);
		return cf == &table[2] && seen == 34 && given == -1;
	case 1:
		cf = config_search_loc(candidate, bus, NULL, locs, &seen);
		return cf == NULL && seen == 34 && given == 7;
	case 2:
		return config_search_loc(NULL, bus, "slot", locs, NULL) == &table[2];
	case 3:
		return config_search_ia(candidate, bus, "other", NULL) == NULL && seen == 0;
	case 4:
		child = config_found_sm_loc(bus, "slot", locs, NULL, NULL, NULL);
		return device_locator(child, 0) * 10 + device_locator(child, 1);
	}
	return device_locator(bus, 0);
}
"""


def test_a_bus_searches_the_rows_of_its_children(lab: Lab) -> None:
    """A function or ca_match judges each row of this parent; a device without locators is a panic."""
    lab.load(SOURCE)
    assert lab.call("int probe_begin(void)") == 0
    assert [lab.call("int probe_search(int which)", which) for which in range(5)] == [1, 1, 1, 1, 78]
    panic = lab.panics(lambda: lab.call("int probe_search(int which)", 5))
    assert panic.reason == "device_locator: bus0 has no locators"
