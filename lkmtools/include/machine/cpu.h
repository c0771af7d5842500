/* <machine/cpu.h>: who runs. */

#ifndef _MACHINE_CPU_H_
#define _MACHINE_CPU_H_

#include <sys/types.h>

#ifdef _KERNEL
struct device;
struct lwp;
struct pmap_cpu;
struct proc;

/* The kernel keeps the members with a comment. */
struct cpu_info {
	struct device		*ci_dev;
	struct cpu_info		*ci_self;	/* where it is */
	volatile void		*ci_vcpu;
	void			*ci_tlog_base;
	int32_t			 ci_tlog_offset;
	struct cpu_info		*ci_next;
	struct lwp		*ci_curlwp;	/* the thread that runs */
	struct pmap_cpu		*ci_pmap_cpu;
	struct lwp		*ci_fpcurlwp;
	int			 ci_fpsaving;
	u_int			 ci_fpused;
	u_long			 ci_cpuid;	/* 0 */
	uint32_t		 ci_cpumask;
	uint8_t			 ci_initapicid;
	uint8_t			 ci_packageid;
	uint8_t			 ci_coreid;
	uint8_t			 ci_smtid;
#ifdef __LP64__
	char			 ci_reserved[2304 - 96];
#else
	char			 ci_reserved[1792 - 56];
#endif
};

extern struct cpu_info	cpu_info_primary;
/* The only one: %gs (amd64) or %fs (i386) begins with it, where NetBSD's own headers look for it. */
#define curcpu()	(&cpu_info_primary)
struct lwp	*x86_curlwp(void);
#define curlwp		x86_curlwp()
#define curproc		((struct proc *)(curlwp->l_proc))
#define cpu_number()	((int)curcpu()->ci_cpuid)

#include <sys/device.h>
#endif

#endif
