/* <dev/sysmon/sysmonvar.h>: sensors, watchdogs and switches. This kernel has none: to register one is a panic. */

#ifndef _DEV_SYSMON_SYSMONVAR_H_
#define _DEV_SYSMON_SYSMONVAR_H_

#include <sys/param.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/device.h>
#include <sys/envsys.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/stdbool.h>

struct sysmon_envsys;
struct workqueue;

/* A sensor: the driver's function stores its value. */
typedef struct envsys_data {
	TAILQ_ENTRY(envsys_data) sensors_head;
	uint32_t		 sensor;	/* its number */
	uint32_t		 units;
	uint32_t		 state;
	uint32_t		 flags;
	uint32_t		 rpms;
	int32_t			 rfact;
	int32_t			 value_cur;
	int32_t			 value_max;
	int32_t			 value_min;
	int32_t			 value_avg;
	bool			 monitor;
	char			 desc[ENVSYS_DESCLEN];
} envsys_data_t;

#define ENVSYS_FPERCENT		0x00000001	/* flags */
#define ENVSYS_FVALID_MAX	0x00000002
#define ENVSYS_FVALID_MIN	0x00000004
#define ENVSYS_FVALID_AVG	0x00000008
#define ENVSYS_FCHANGERFACT	0x00000010
#define ENVSYS_FMONCRITICAL	0x00000020
#define ENVSYS_FMONCRITUNDER	0x00000040
#define ENVSYS_FMONCRITOVER	0x00000080
#define ENVSYS_FMONWARNUNDER	0x00000100
#define ENVSYS_FMONWARNOVER	0x00000200
#define ENVSYS_FMONSTCHANGED	0x00000400
#define ENVSYS_FMONNOTSUPP	0x00000800

struct sysmon_envsys {
	const char		*sme_name;
	u_int			 sme_nsensors;
	u_int			 sme_fsensor;
	u_int			 sme_uniqsensors;
	int			 sme_flags;
	int			 sme_class;
	uint64_t		 sme_events_timeout;
	void			*sme_cookie;
	void			(*sme_refresh)(struct sysmon_envsys *, envsys_data_t *);
	struct workqueue	*sme_wq;
	LIST_ENTRY(sysmon_envsys) sme_list;
	TAILQ_HEAD(, envsys_data) sme_sensors_list;
	callout_t		 sme_callout;
	kmutex_t		 sme_mtx;
	kcondvar_t		 sme_condvar;
};
#define SME_FLAG_BUSY		0x00000001
#define SME_DISABLE_REFRESH	0x00000002
#define SME_CALLOUT_INITIALIZED	0x00000004
#define SME_INIT_REFRESH	0x00000008
#define SME_CLASS_BATTERY	1
#define SME_CLASS_ACADAPTER	2

struct sysmon_wdog {
	const char		*smw_name;
	LIST_ENTRY(sysmon_wdog)	 smw_list;
	void			*smw_cookie;
	int			(*smw_setmode)(struct sysmon_wdog *);
	int			(*smw_tickle)(struct sysmon_wdog *);
	u_int			 smw_period;
	int			 smw_mode;
	u_int			 smw_refcnt;
	pid_t			 smw_tickler;
};

struct sysmon_pswitch {
	const char		*smpsw_name;
	int			 smpsw_type;
	LIST_ENTRY(sysmon_pswitch) smpsw_list;
};

#ifdef _KERNEL
struct sysmon_envsys *sysmon_envsys_create(void);
void sysmon_envsys_destroy(struct sysmon_envsys *sme);
int sysmon_envsys_register(struct sysmon_envsys *sme);
void sysmon_envsys_unregister(struct sysmon_envsys *sme);
int sysmon_envsys_sensor_attach(struct sysmon_envsys *sme, envsys_data_t *sensor);
int sysmon_envsys_sensor_detach(struct sysmon_envsys *sme, envsys_data_t *sensor);
int sysmon_wdog_register(struct sysmon_wdog *smw);
int sysmon_wdog_unregister(struct sysmon_wdog *smw);
int sysmon_pswitch_register(struct sysmon_pswitch *smpsw);
void sysmon_pswitch_unregister(struct sysmon_pswitch *smpsw);
void sysmon_pswitch_event(struct sysmon_pswitch *smpsw, int event);
void sysmon_power_settype(const char *type);
int sysmon_task_queue_init(void);
int sysmon_task_queue_sched(u_int priority, void (*func)(void *), void *arg);
#endif

#endif
