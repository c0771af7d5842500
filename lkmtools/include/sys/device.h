/* <sys/device.h>: autoconfiguration: drivers, how they attach, and the devices there are. */

#ifndef _SYS_DEVICE_H_
#define _SYS_DEVICE_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stdbool.h>
#include <prop/proplib.h>

struct device;
struct cfdata;
struct cfdriver;
struct cfattach;

typedef struct device	*device_t;
typedef struct cfdata	*cfdata_t;
typedef struct cfdriver	*cfdriver_t;
typedef struct cfattach	*cfattach_t;

typedef enum devclass {
	DV_DULL,
	DV_CPU,
	DV_DISK,
	DV_IFNET,
	DV_TAPE,
	DV_TTY,
	DV_AUDIODEV,
	DV_DISPLAYDEV,
	DV_BUS,
	DV_VIRTUAL
} devclass_t;

enum devact {
	DVACT_ACTIVATE,
	DVACT_DEACTIVATE
};

typedef enum {
	DVA_SYSTEM,
	DVA_HARDWARE
} devactive_t;

/* An instance. Where a driver's softc begins with it (CFATTACH_DECL), both are one piece of memory. */
struct device {
	devclass_t		 dv_class;
	TAILQ_ENTRY(device)	 dv_list;	/* alldevs */
	cfdata_t		 dv_cfdata;
	cfdriver_t		 dv_cfdriver;
	cfattach_t		 dv_cfattach;
	int			 dv_unit;
	char			 dv_xname[16];	/* name and unit */
	device_t		 dv_parent;
	int			 dv_depth;	/* how many parents it has */
	int			 dv_flags;
	void			*dv_private;
	int			*dv_locators;
	/* What follows is zero: no power is managed. */
	struct _prop_dictionary	*dv_properties;
	size_t			 dv_activity_count;
	void	(**dv_activity_handlers)(device_t, devactive_t);
	bool	(*dv_driver_suspend)(device_t);
	bool	(*dv_driver_resume)(device_t);
	bool	(*dv_driver_shutdown)(device_t, int);
	bool	(*dv_driver_child_register)(device_t);
	void			*dv_bus_private;
	bool	(*dv_bus_suspend)(device_t);
	bool	(*dv_bus_resume)(device_t);
	bool	(*dv_bus_shutdown)(device_t, int);
	void	(*dv_bus_deregister)(device_t);
	void			*dv_class_private;
	bool	(*dv_class_suspend)(device_t);
	bool	(*dv_class_resume)(device_t);
	void	(*dv_class_deregister)(device_t);
	void			*dv_pmf_private;
};
TAILQ_HEAD(devicelist, device);

#define DVF_ACTIVE	0x0001
#define DVF_PRIV_ALLOC	0x0002		/* of ca_flags too: the softc is memory of its own */
#define DVUNIT_ANY	(-1)

struct cfparent {
	const char	*cfp_iattr;	/* interface attribute, */
	const char	*cfp_parent;	/* name and */
	int		 cfp_unit;	/* unit of the parent */
};

/* A device that there can be. */
struct cfdata {
	const char		*cf_name;
	const char		*cf_atname;
	short			 cf_unit;
	short			 cf_fstate;
	int			*cf_loc;
	int			 cf_flags;
	const struct cfparent	*cf_pspec;	/* NULL: at root */
};
#define FSTATE_NOTFOUND		0
#define FSTATE_FOUND		1
#define FSTATE_STAR		2	/* any number of units */
#define FSTATE_DSTAR		3	/* the same, disabled */
#define FSTATE_DNOTFOUND	4

struct cftable {
	cfdata_t		 ct_cfdata;
	TAILQ_ENTRY(cftable)	 ct_list;
};
TAILQ_HEAD(cftablelist, cftable);

struct cflocdesc {
	const char	*cld_name;
	const char	*cld_defaultstr;
	int		 cld_default;
};

struct cfiattrdata {
	const char		*ci_name;
	int			 ci_loclen;
	const struct cflocdesc	 ci_locdesc[];
};

typedef int	(*cfmatch_t)(device_t, cfdata_t, void *);
typedef int	(*cfsubmatch_t)(device_t, cfdata_t, const int *, void *);
typedef int	(*cfprint_t)(void *, const char *);

/* How a driver attaches in one kind of place. */
struct cfattach {
	const char		*ca_name;
	LIST_ENTRY(cfattach)	 ca_list;
	size_t			 ca_devsize;
	int			 ca_flags;
	int	(*ca_match)(device_t, cfdata_t, void *);
	void	(*ca_attach)(device_t, device_t, void *);
	int	(*ca_detach)(device_t, int);
	int	(*ca_activate)(device_t, enum devact);
	int	(*ca_rescan)(device_t, const char *, const int *);
	void	(*ca_childdetached)(device_t, device_t);
};
LIST_HEAD(cfattachlist, cfattach);

#define DETACH_FORCE	0x01
#define DETACH_QUIET	0x02

/* What a print function answers for a device that no driver takes. */
#define QUIET	0
#define UNCONF	1
#define UNSUPP	2

struct cfdriver {
	LIST_ENTRY(cfdriver)	 cd_list;	/* allcfdrivers */
	struct cfattachlist	 cd_attach;
	device_t		*cd_devs;	/* by unit */
	const char		*cd_name;
	devclass_t		 cd_class;
	int			 cd_ndevs;
	const struct cfiattrdata * const *cd_attrs;	/* what its devices can be parents of; NULL-terminated */
};
LIST_HEAD(cfdriverlist, cfdriver);

struct cfattachinit {
	const char			 *cfai_name;
	struct cfattach * const		 *cfai_list;
};

/* The same, as MOD_DRV has it. */
struct cfattachlkminit {
	const char			 *cfai_name;
	struct cfattach			**cfai_list;
};

#define __CFATTACH(name, size, match, attach, detach, activate, rescan, childdet, flags) \
	struct cfattach name##_ca = { \
		.ca_name = #name, .ca_devsize = (size), .ca_flags = (flags), \
		.ca_match = (match), .ca_attach = (attach), .ca_detach = (detach), .ca_activate = (activate), \
		.ca_rescan = (rescan), .ca_childdetached = (childdet), \
	}
#define CFATTACH_DECL2(n, size, m, a, d, act, r, c)	__CFATTACH(n, size, m, a, d, act, r, c, 0)
#define CFATTACH_DECL(n, size, m, a, d, act)		__CFATTACH(n, size, m, a, d, act, NULL, NULL, 0)
#define CFATTACH_DECL2_NEW(n, size, m, a, d, act, r, c)	__CFATTACH(n, size, m, a, d, act, r, c, DVF_PRIV_ALLOC)
#define CFATTACH_DECL_NEW(n, size, m, a, d, act)	__CFATTACH(n, size, m, a, d, act, NULL, NULL, DVF_PRIV_ALLOC)

#define CFDRIVER_DECL(name, class, attrs) \
	struct cfdriver name##_cd = { .cd_name = #name, .cd_class = (class), .cd_attrs = (attrs) }

#ifdef _KERNEL
extern struct cfdriverlist	allcfdrivers;
extern struct cftablelist	allcftables;
extern struct devicelist	alldevs;

int	config_cfdriver_attach(struct cfdriver *cd);
int	config_cfdriver_detach(struct cfdriver *cd);
int	config_cfattach_attach(const char *driver, struct cfattach *ca);
int	config_cfattach_detach(const char *driver, struct cfattach *ca);
int	config_cfdata_attach(cfdata_t cf, int scannow);
int	config_cfdata_detach(cfdata_t cf);
struct cfdriver	*config_cfdriver_lookup(const char *name);
struct cfattach	*config_cfattach_lookup(const char *name, const char *atname);

/* Before the root is mounted they wait for something; a module finds it mounted. */
void	config_defer(device_t dev, void (*func)(device_t));
void	config_interrupts(device_t dev, void (*func)(device_t));
int	config_finalize_register(device_t dev, int (*func)(device_t));
void	config_pending_incr(void);
void	config_pending_decr(void);

/*
 * pmf(9): what a driver does when the machine goes to sleep and wakes; NULL: nothing. This machine never sleeps, so that
 * the functions are not called.
 */
#define PMF_F_NONE	0x0
#define PMF_F_SELF	0x1
#define PMF_FN_PROTO	pmf_qual_t
#define PMF_FN_ARGS	pmf_qual_t qual
#define PMF_FN_CALL	qual
typedef unsigned int	pmf_qual_t;

bool	pmf_device_register1(device_t dev, bool (*suspend)(device_t, pmf_qual_t), bool (*resume)(device_t, pmf_qual_t),
	    bool (*shutdown)(device_t, int));
void	pmf_device_deregister(device_t dev);
#define pmf_device_register(dev, suspend, resume)	pmf_device_register1((dev), (suspend), (resume), NULL)

device_t	config_attach_pseudo(cfdata_t cf);
device_t	config_found_sm_loc(device_t parent, const char *ifattr, const int *locs, void *aux, cfprint_t print,
		    cfsubmatch_t submatch);
cfdata_t	config_search_loc(cfsubmatch_t fn, device_t parent, const char *ifattr, const int *locs, void *aux);
cfdata_t	config_search_ia(cfsubmatch_t fn, device_t parent, const char *ifattr, void *aux);
int		config_match(device_t parent, cfdata_t cf, void *aux);
int		config_detach(device_t dev, int flags);
int		config_detach_children(device_t dev, int flags);
#define config_found(d, a, p)		config_found_sm_loc((d), NULL, NULL, (a), (p), NULL)
#define config_found_ia(d, ia, a, p)	config_found_sm_loc((d), (ia), NULL, (a), (p), NULL)

void		*device_lookup(struct cfdriver *cd, int unit);
void		*device_lookup_private(struct cfdriver *cd, int unit);
device_t	 device_find_by_xname(const char *name);
device_t	 device_find_by_driver_unit(const char *name, int unit);
void		*device_private(device_t dev);
const char	*device_xname(device_t dev);
int		 device_unit(device_t dev);
devclass_t	 device_class(device_t dev);
cfdata_t	 device_cfdata(device_t dev);
cfdriver_t	 device_cfdriver(device_t dev);
cfattach_t	 device_cfattach(device_t dev);
device_t	 device_parent(device_t dev);
int		 device_locator(device_t dev, u_int locnum);
prop_dictionary_t device_properties(device_t dev);
bool		 device_is_active(device_t dev);
bool		 device_is_a(device_t dev, const char *name);

void	aprint_normal_dev(device_t dev, const char *fmt, ...);
void	aprint_error_dev(device_t dev, const char *fmt, ...);
void	aprint_naive_dev(device_t dev, const char *fmt, ...);
void	aprint_verbose_dev(device_t dev, const char *fmt, ...);
void	aprint_debug_dev(device_t dev, const char *fmt, ...);
#endif

#endif
