"""A driver of the era names disks, pools and interfaces; lkmctl check says which functions are missing."""

from __future__ import annotations

from lkmtools import modules
from lkmtools.kern.rows import plan
from lkmtools.machine import port
from lkmtools.modules.check import TargetKernel, check
from support.compiling import Compile
from support.lab import Lab

SOURCE = r"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/disk.h>
#include <sys/disklabel.h>
#include <sys/exec.h>
#include <sys/extent.h>
#include <sys/lkm.h>
#include <sys/mbuf.h>
#include <sys/module.h>
#include <sys/pool.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/tty.h>
#include <net/bpf.h>
#include <net/if_ether.h>
#include <net/if_types.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <dev/pci/pcivar.h>

MODULE(MODULE_CLASS_DRIVER, thing, NULL);
POOL_INIT(thing_pool, 64, 0, 0, 0, "thingpl", &pool_allocator_nointr, IPL_NONE);

struct thing_softc {
	struct ethercom	 sc_ec;
	struct disk	 sc_dk;
	struct tty	*sc_tty;
};
static struct thing_softc softc;

static void
thing_start(struct ifnet *ifp)
{
	struct mbuf *m;

	for (;;) {
		IFQ_DEQUEUE(&ifp->if_snd, m);
		if (m == NULL)
			return;
		if (m_length(m) > mtod(m, struct ip *)->ip_len && ifp->if_bpf != NULL)
			bpf_mtap(ifp->if_bpf, m);
		m_freem(m);
	}
}

static int
load(struct lkm_table *lkmtp, int cmd)
{
	struct ifnet *ifp = &softc.sc_ec.ec_if;
	struct disklabel label;

	memset(&label, 0, sizeof(label));
	label.d_partitions[RAW_PART].p_fstype = FS_UNUSED;
	ifp->if_softc = &softc;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX;
	ifp->if_start = thing_start;
	strlcpy(ifp->if_xname, "thing0", IFNAMSIZ);
	softc.sc_dk.dk_label = &label;
	return DIOCGDINFO == 0 || softc.sc_tty != NULL;
}

MOD_MISC("thing");
int thing_lkmentry(struct lkm_table *, int, int);
int
thing_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, load, lkm_nofunc, lkm_nofunc);
}
"""


def test_a_driver_compiles_and_what_it_lacks_is_named(cc: Compile, machine: str) -> None:
    """Without a warning; only the functions that this kernel does not have are problems."""
    obj = cc(SOURCE, machine, name="thing", flags=("-Werror",))
    kernel = TargetKernel(machine, plan(port(machine), True).symbols, {})
    problems = check(str(obj), kernel).problems
    assert {(problem.kind, problem.text) for problem in problems} == {
        ("unwritten", "bpf_mtap"),
        ("unwritten", "m_freem"),
    }


def test_what_headers_of_the_kernel_bring_along(lab: Lab) -> None:
    """<sys/systm.h> soft interrupts, autoconfiguration and the lock of a thread, as in NetBSD 5.2."""
    lab.load("""
    #include <machine/cpu_counter.h>
    int counted, prio;
    static void soft(void *arg) { ++*(int *)arg; }
    CFDRIVER_DECL(probe, DV_DULL, NULL);
    int probe_run(void);
    int
    probe_run(void)
    {
        uint64_t before = cpu_counter();
        void *sih = softint_establish(SOFTINT_MPSAFE | SOFTINT_SERIAL, soft, &counted);

        lwp_lock(curlwp);
        lwp_changepri(curlwp, 44);
        lwp_unlock(curlwp);
        prio = curlwp->l_priority;
        softint_schedule(sih);
        kpause("soft", false, 1, NULL);
        softint_disestablish(sih);
        return cpu_hascounter() && cpu_counter() > before && probe_cd.cd_class == DV_DULL;
    }
    """)
    assert lab.call("int probe_run(void)") == 1
    assert (lab.value("counted"), lab.value("prio")) == (1, 44)


VARIABLES = r"""
#include <sys/evcnt.h>
#include <sys/exec_aout.h>
#include <sys/mbuf.h>
#include <sys/pool.h>
#include <net/if.h>
#include <uvm/uvm.h>
int probe_sizes(void);
int
probe_sizes(void)
{
	struct exec x;

	N_SETMAGIC(x, ZMAGIC, MID_I386, 0);
	if (N_GETMID(x) != 134 || MID_MACHINE != (sizeof(long) == 8 ? MID_X86_64 : MID_I386))
		return 2;
	if (lo0ifp != NULL || ifindex2ifnet != NULL)
		return 3;
	if (sizeof(mbstat) != 7 * sizeof(long) + 512 || mbstat.m_drops != 0)
		return 4;
	return msize == MSIZE && mclbytes == MCLBYTES && nmbclusters > 0;
}
int probe_pages(void);
int
probe_pages(void)
{
	int free = uvmexp.free, wired = uvmexp.wired;
	vaddr_t va = uvm_km_alloc(kernel_map, 5 * PAGE_SIZE, 0, UVM_KMF_WIRED);
	int took = free - uvmexp.free, more = uvmexp.wired - wired;

	uvm_km_free(kernel_map, va, 5 * PAGE_SIZE, UVM_KMF_WIRED);
	if (uvmexp.pagesize != PAGE_SIZE || uvmexp.pagemask != PAGE_MASK || uvmexp.pageshift != PAGE_SHIFT)
		return 2;
	if (uvmexp.ncolors != 1 || uvmexp.nswapdev != 0 || free + wired != uvmexp.npages)
		return 3;
	return took == 5 && more == 5 && uvmexp.free == free && free > 0;
}
int probe_drain(void);
int
probe_drain(void)
{
	struct pool *pp = (struct pool *)8;
	uint64_t where = 1;

	evcnt_init();
	pool_drain_start(&pp, &where);
	pool_drain_end(pp, where);
	return pp == NULL && where == 0;
}
"""


def test_variables_of_memory_and_of_the_network(lab: Lab) -> None:
    """uvmexp counts the pages of the kernel map; no pool has anything to give back; there is no interface."""
    lab.load(VARIABLES)
    assert lab.call("int probe_sizes(void)") == 1
    assert lab.call("int probe_pages(void)") == 1
    assert lab.call("int probe_drain(void)") == 1


LATER = r"""
#include <sys/device.h>
#include <sys/disk.h>
#include <sys/mbuf.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <net/if.h>
#include <dev/pci/pcivar.h>
#include <uvm/uvm.h>
void *const named[] = {
	config_defer, device_properties, disk_begindetach, if_clone_create, ifa_ifwithdstaddr,
	ifinit, if_set_flags, link_rtrequest, loioctl, m_tag_first, m_tag_init, p2p_rtrequest,
	pci_activate, pci_conf_capture, pci_intr_evcnt, pci_mapreg_probe, pci_set_powerstate,
	pci_vpd_read, pmap_enter, pmap_kenter_pa, pmap_kremove, pmap_protect, pmap_remove,
	sockaddr_any, sysctl_create, sysctl_describe, sysctl_destroy, sysctl_free, uao_create,
	uao_detach, uao_reference, uvm_io, uvm_kernacc, uvm_km_suballoc, uvm_map, uvm_map_protect,
	uvm_pagealloc_strat, uvm_pagefree, uvm_pglistalloc, uvm_pglistfree, uvm_vslock,
	uvm_vsunlock, uvmspace_free,
};
int probe_flags(void);
int
probe_flags(void)
{
	return UVM_MAPFLAG(UVM_PROT_RW, UVM_PROT_ALL, UVM_INH_NONE, UVM_ADV_RANDOM, UVM_FLAG_FIXED);
}
int probe_map(void);
int probe_map(void) { vaddr_t va = 0; return uvm_map(kernel_map, &va, PAGE_SIZE, NULL, 0, 0, 0); }
"""


def test_a_module_that_names_what_is_not_written_loads(lab: Lab) -> None:
    """Functions of 5.2 which are declared: a call panics with the name."""
    lab.load(LATER)
    assert lab.call("int probe_flags(void)") == 0x11723
    panic = lab.panics(lambda: lab.call("int probe_map(void)"))
    assert panic.reason == "uvm_map() is not implemented in this kernel"


USB = r"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/device.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <dev/pci/pcidevs.h>
#include <dev/usb/usb.h>
#include <dev/usb/usbdi.h>
#include <dev/usb/usbdi_util.h>
#include <dev/usb/usbdevs.h>
#include <dev/sysmon/sysmonvar.h>

struct lamp_softc {
	USBBASEDEVICE		 sc_dev;
	usbd_device_handle	 sc_udev;
	usbd_interface_handle	 sc_iface;
	struct sysmon_envsys	 sc_sme;
	envsys_data_t		 sc_bright;
};
static const struct usb_devno lamps[] = { { USB_VENDOR_LOGITECH, 0x1a3 }, { USB_VENDOR_INTEL, 1 } };

USB_DECLARE_DRIVER(lamp);
CFDRIVER_DECL(lamp, DV_DULL, NULL);

USB_MATCH(lamp)
{
	USB_MATCH_START(lamp, uaa);

	return usb_lookup(lamps, uaa->vendor, uaa->product) != NULL ? UMATCH_VENDOR_PRODUCT : UMATCH_NONE;
}

USB_ATTACH(lamp)
{
	USB_ATTACH_START(lamp, sc, uaa);
	usb_device_request_t req = { UT_WRITE_VENDOR_DEVICE, 1 };

	sc->sc_dev = self;
	sc->sc_udev = uaa->device;
	USB_ATTACH_SETUP;
	USETW(req.wValue, 0x1234);
	if (usbd_do_request(uaa->device, &req, NULL) != USBD_NORMAL_COMPLETION || UGETW(req.wValue) != 0x1234)
		USB_ATTACH_ERROR_RETURN;
	sc->sc_bright.units = ENVSYS_INTEGER;
	sc->sc_sme.sme_name = USBDEVNAME(sc->sc_dev);
	sysmon_envsys_register(&sc->sc_sme);
	USB_ATTACH_SUCCESS_RETURN;
}

USB_DETACH(lamp)
{
	USB_DETACH_START(lamp, sc);

	sysmon_envsys_unregister(&sc->sc_sme);
	return 0;
}

int lamp_activate(device_t self, enum devact act) { return 0; }

static int loc[] = { -1, -1, -1, -1, -1, -1 };
static struct cfparent parent = { "usbdevif", "uhub", DVUNIT_ANY };
static struct cfdata lamp_cfdata[] = { { "lamp", "lamp", 0, FSTATE_STAR, loc, 0, &parent }, { 0 } };
static struct cfdriver *lamp_drivers[] = { &lamp_cd, NULL };
static struct cfattach *lamp_attachs[] = { &lamp_ca, NULL };
static const struct cfattachlkminit lamp_init[] = { { "lamp", lamp_attachs }, { NULL } };

MOD_DRV("lamp", lamp_drivers, lamp_init, lamp_cfdata);
int lamp_lkmentry(struct lkm_table *, int, int);
int
lamp_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def test_a_usb_driver_loads_and_waits_for_devices_that_never_come(lab: Lab) -> None:
    """It compiles without a warning; what USB and the sensors lack is named before."""
    obj = lab.cc(USB, lab.machine, name="lamp", flags=("-Werror",))
    problems = check(str(obj), TargetKernel(lab.machine, plan(port(lab.machine), True).symbols, {})).problems
    assert {(problem.kind, problem.text) for problem in problems} == {
        ("unwritten", "sysmon_envsys_register"),
        ("unwritten", "sysmon_envsys_unregister"),
        ("unwritten", "usb_match_device"),
        ("unwritten", "usbd_do_request"),
    }
    lab.install(obj)
    assert modules.stat(lab.p, "lamp").name == "lamp"
    modules.unload(lab.p, "lamp")
    assert lab.tables() == lab.boot_tables


def test_a_security_model_compiles_and_its_listener_is_named(lab: Lab) -> None:
    text = """
    #include <sys/param.h>
    #include <sys/systm.h>
    #include <sys/exec.h>
    #include <sys/lkm.h>
    #include <sys/kauth.h>
    static kauth_listener_t listener;
    static int
    deny(kauth_cred_t cred, kauth_action_t action, void *cookie, void *a0, void *a1, void *a2, void *a3)
    {
        return action == KAUTH_PROCESS_PTRACE ? KAUTH_RESULT_DENY : KAUTH_RESULT_DEFER;
    }
    static int
    handle(struct lkm_table *lkmtp, int cmd)
    {
        if (cmd == LKM_E_LOAD)
            listener = kauth_listen_scope(KAUTH_SCOPE_PROCESS, deny, NULL);
        else
            kauth_unlisten_scope(listener);
        return 0;
    }
    MOD_MISC("deny");
    int deny_lkmentry(struct lkm_table *, int, int);
    int
    deny_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
    {
        DISPATCH(lkmtp, cmd, ver, handle, handle, lkm_nofunc);
    }
    """
    obj = lab.cc(text, lab.machine, name="deny", flags=("-Werror",))
    problems = check(str(obj), TargetKernel(lab.machine, plan(port(lab.machine), True).symbols, {})).problems
    assert {problem.text for problem in problems} == {"kauth_listen_scope", "kauth_unlisten_scope"}
