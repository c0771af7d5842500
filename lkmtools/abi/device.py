"""<sys/device.h>, NetBSD 5.2: autoconfiguration's drivers, attachments, tables of devices, and devices."""

from lkmtools.abi.datamodel import Placed, Struct

FSTATE_NOTFOUND, FSTATE_FOUND, FSTATE_STAR, FSTATE_DSTAR, FSTATE_DNOTFOUND = range(5)
DETACH_FORCE, DETACH_QUIET = 0x01, 0x02
DVF_ACTIVE, DVF_PRIV_ALLOC = 0x0001, 0x0002
DVUNIT_ANY = -1
QUIET, UNCONF, UNSUPP = 0, 1, 2  # what a config print function answers
XNAME_SIZE = 16

cfdriver = Struct(
    "cfdriver",
    """struct cfdriver *le_next; struct cfdriver **le_prev; struct cfattach *lh_first;
       struct device **cd_devs; const char *cd_name; int cd_class; int cd_ndevs; const void *cd_attrs""",
)
cfattach = Struct(
    "cfattach",
    """const char *ca_name; struct cfattach *le_next; struct cfattach **le_prev; size_t ca_devsize;
       int ca_flags; int (*ca_match)(void); void (*ca_attach)(void); int (*ca_detach)(void);
       int (*ca_activate)(void); int (*ca_rescan)(void); void (*ca_childdetached)(void)""",
)
cfparent = Struct("cfparent", "const char *cfp_iattr; const char *cfp_parent; int cfp_unit")
cfdata = Struct(
    "cfdata",
    """const char *cf_name; const char *cf_atname; short cf_unit; short cf_fstate; int *cf_loc; int cf_flags;
       const struct cfparent *cf_pspec""",
)
cftable = Struct("cftable", "struct cfdata *ct_cfdata; struct cftable *tqe_next; struct cftable **tqe_prev")
cfattachlkminit = Struct("cfattachlkminit", "const char *cfai_name; struct cfattach **cfai_list")
device = Placed(
    "device",
    (240, 132),
    """int dv_class 0/0; struct device *tqe_next 8/4; struct device **tqe_prev 16/8;
       struct cfdata *dv_cfdata 24/12;
       struct cfdriver *dv_cfdriver 32/16; struct cfattach *dv_cfattach 40/20; int dv_unit 48/24;
       char dv_xname[XNAME_SIZE] 52/28; struct device *dv_parent 72/44; int dv_depth 80/48;
       int dv_flags 84/52; void *dv_private 88/56; int *dv_locators 96/60""",
    constants={"XNAME_SIZE": XNAME_SIZE},
)
