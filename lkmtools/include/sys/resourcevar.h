/* <sys/resourcevar.h>: what the kernel keeps of a process's limits and usage. Here it keeps them elsewhere. */

#ifndef _SYS_RESOURCEVAR_H_
#define _SYS_RESOURCEVAR_H_

#include <sys/types.h>
#include <sys/mutex.h>
#include <sys/resource.h>
#include <sys/time.h>

struct uprof {
	void	*pr_base;	/* profil(2): counters, how large they are, where they begin, and their scale */
	size_t	 pr_size;
	u_long	 pr_off;
	u_int	 pr_scale;
	u_long	 pr_addr;
	u_long	 pr_ticks;
};

struct pstats {
	struct rusage		p_ru;
	struct rusage		p_cru;		/* of children that were waited for */
	struct itimerval	p_timer[3];
	struct uprof		p_prof;
	struct timeval		p_start;
};

struct plimit {
	struct rlimit	 pl_rlimit[RLIM_NLIMITS];
	char		*pl_corename;
	int		 pl_flags;
	int		 pl_refcnt;
	kmutex_t	 pl_lock;
	struct plimit	*pl_sv_limit;
};

#define PL_WRITEABLE	0x01
#define PL_SHAREMOD	0x02

#endif
