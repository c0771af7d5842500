/* <sys/param.h>: the version of the system, its constants, and the macros everybody uses. */

#ifndef _SYS_PARAM_H_
#define _SYS_PARAM_H_

#define BSD	199506
#define BSD4_3	1
#define BSD4_4	1

/*
 * The release: major, minor, patch as MMmm0pp00. The kernel refuses modules of another one than its own, which every
 * module says (__LKM_SYSVER); what older sources ask for is the system that they were written for.
 */
#include <sys/cdefs.h>
#if defined(__OpenBSD__)
#define OpenBSD				200211
#define OpenBSD3_2			1
#define __NetBSD_Version__		0
#elif __LKM_API == 104
#define __NetBSD_Version__		104200000
#elif __LKM_API == 200
#define __NetBSD_Version__		200000000
#elif __LKM_API == 400
#define __NetBSD_Version__		400000003
#else
#define __NetBSD_Version__		502000000
#endif
#if __LKM_API == 502
#define __LKM_SYSVER			__NetBSD_Version__
#else
#define __LKM_SYSVER			502000000
#endif
#define __NetBSD_Prereq__(M, m, p) \
	((M) * 100000000 + (m) * 1000000 + (p) * 100 <= __NetBSD_Version__)
#define NetBSD				199905

#include <sys/null.h>
#include <sys/inttypes.h>
#include <sys/types.h>
#include <sys/syslimits.h>

#define MAXCOMLEN	16
#define MAXINTERP	PATH_MAX
#define MAXLOGNAME	(LOGIN_NAME_MAX - 1)
#define MAXUPRC		CHILD_MAX
#define NCARGS		ARG_MAX
#define NGROUPS		NGROUPS_MAX
#define NOGROUP		65535
#define NOFILE		OPEN_MAX
#define MAXHOSTNAMELEN	256
#define MAXPATHLEN	PATH_MAX
#define MAXSYMLINKS	32
#define MAXBSIZE	MAXPHYS

#ifdef _KERNEL
#include <sys/errno.h>
#include <sys/time.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#endif

#include <sys/signal.h>
#include <machine/limits.h>
#include <machine/param.h>

/* Pages, disk blocks and bytes. */
#define ctod(x)		((x) << (PGSHIFT - DEV_BSHIFT))
#define dtoc(x)		((x) >> (PGSHIFT - DEV_BSHIFT))
#define ctob(x)		((x) << PGSHIFT)
#define btoc(x)		(((x) + PGOFSET) >> PGSHIFT)
#define dbtob(x)	((x) << DEV_BSHIFT)
#define btodb(x)	((x) >> DEV_BSHIFT)
#define trunc_page(x)	((x) & ~((unsigned long)PAGE_MASK))
#define round_page(x)	(((x) + PAGE_MASK) & ~((unsigned long)PAGE_MASK))
#define atop(x)		((unsigned long)(x) >> PAGE_SHIFT)
#define ptoa(x)		((unsigned long)(x) << PAGE_SHIFT)

/* Priorities of tsleep(9). Better ones have lower numbers; a signal wakes the sleeper when PCATCH is or'd in. */
#define PSWP		0
#define PVM		4
#define PINOD		8
#define PRIBIO		16
#define PVFS		20
#define PZERO		22
#define PSOCK		24
#define PWAIT		32
#define PLOCK		36
#define PPAUSE		40
#define PUSER		50
#define MAXPRI		127
#define PRIMASK		0x0ff
#define PCATCH		0x100
#define PNORELOCK	0x200

#define PRI_NONE	(-1)
#define PRI_KERNEL	64
#define PRI_KTHREAD	96

#define NBPW		sizeof(int)
#define CMASK		022
#define NODEV		((dev_t)(-1))
#define CACHE_LINE_SIZE	64
#define COHERENCY_UNIT	64

/* Bit maps of bytes. */
#define setbit(a, i)	((a)[(i) / NBBY] |= 1 << ((i) % NBBY))
#define clrbit(a, i)	((a)[(i) / NBBY] &= ~(1 << ((i) % NBBY)))
#define isset(a, i)	((a)[(i) / NBBY] & (1 << ((i) % NBBY)))
#define isclr(a, i)	(!isset(a, i))

#define howmany(x, y)	(((x) + ((y) - 1)) / (y))
#define roundup(x, y)	(howmany(x, y) * (y))
#define rounddown(x, y)	(((x) / (y)) * (y))
#define roundup2(x, m)	(((x) + ((m) - 1)) & ~((m) - 1))
#define powerof2(x)	((((x) - 1) & (x)) == 0)
#ifndef MIN
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#endif

#define FSHIFT		11
#define FSCALE		(1 << FSHIFT)

#ifdef _KERNEL
#define mstohz(ms)	((ms) >= 0x20000 ? ((ms) + 0u) / 1000u * hz : ((ms) + 0u) * hz / 1000u)
#define hztoms(t)	((t) >= 0x20000 ? ((t) + 0u) / hz * 1000u : ((t) + 0u) * 1000u / hz)
#endif

#endif
