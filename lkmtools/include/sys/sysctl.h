/* <sys/sysctl.h>: sysctl(3): the kernel's variables as a tree of nodes that have numbers and names. */

#ifndef _SYS_SYSCTL_H_
#define _SYS_SYSCTL_H_

#include <sys/param.h>
#include <sys/types.h>
#include <sys/stdbool.h>
#include <sys/proc.h>

#define CTL_MAXNAME		12
#define SYSCTL_NAMELEN		32
#define SYSCTL_DEFSIZE		8

/* Types of nodes: the lowest bits of their flags. */
#define CTLTYPE_NODE		1
#define CTLTYPE_INT		2
#define CTLTYPE_STRING		3
#define CTLTYPE_QUAD		4
#define CTLTYPE_STRUCT		5
#define CTLTYPE_BOOL		6

#define CTLFLAG_READONLY	0x00000000
#define CTLFLAG_READWRITE	0x00000070
#define CTLFLAG_ANYWRITE	0x00000080	/* not only by root */
#define CTLFLAG_PRIVATE		0x00000100	/* read by root only */
#define CTLFLAG_PERMANENT	0x00000200	/* sysctl(8) does not remove it */
#define CTLFLAG_OWNDATA		0x00000400	/* the kernel has a copy of the data */
#define CTLFLAG_IMMEDIATE	0x00000800	/* the value is in the node */
#define CTLFLAG_HEX		0x00001000
#define CTLFLAG_ROOT		0x00002000
#define CTLFLAG_ANYNUMBER	0x00004000
#define CTLFLAG_HIDDEN		0x00008000
#define CTLFLAG_ALIAS		0x00010000
#define CTLFLAG_MMAP		0x00020000
#define CTLFLAG_OWNDESC		0x00040000
#define CTLFLAG_UNSIGNED	0x00080000

#define SYSCTL_VERS_MASK	0xff000000
#define SYSCTL_VERS_0		0x00000000
#define SYSCTL_VERS_1		0x01000000
#define SYSCTL_VERSION		SYSCTL_VERS_1
#define SYSCTL_VERS(f)		((f) & SYSCTL_VERS_MASK)
#define SYSCTL_TYPEMASK		0x0000000f
#define SYSCTL_TYPE(x)		((x) & SYSCTL_TYPEMASK)
#define SYSCTL_FLAGMASK		0x00fffff0
#define SYSCTL_FLAGS(x)		((x) & SYSCTL_FLAGMASK)
#define SYSCTL_USERFLAGS \
	(CTLFLAG_READWRITE | CTLFLAG_ANYWRITE | CTLFLAG_PRIVATE | CTLFLAG_OWNDATA | CTLFLAG_IMMEDIATE | CTLFLAG_HEX | \
	    CTLFLAG_HIDDEN)

/* Numbers that are requests. */
#define CTL_EOL			(-1)	/* the end of a list of numbers */
#define CTL_QUERY		(-2)	/* the nodes below this one */
#define CTL_CREATE		(-3)
#define CTL_CREATESYM		(-4)
#define CTL_DESTROY		(-5)
#define CTL_MMAP		(-6)
#define CTL_DESCRIBE		(-7)

#define CTL_UNSPEC		0
#define CTL_KERN		1
#define CTL_VM			2
#define CTL_VFS			3
#define CTL_NET			4
#define CTL_DEBUG		5
#define CTL_HW			6
#define CTL_MACHDEP		7
#define CTL_USER		8
#define CTL_DDB			9
#define CTL_PROC		10
#define CTL_VENDOR		11
#define CTL_EMUL		12
#define CTL_SECURITY		13
#define CTL_MAXID		14

#define KERN_OSTYPE		1
#define KERN_OSRELEASE		2
#define KERN_OSREV		3
#define KERN_VERSION		4
#define KERN_MAXVNODES		5
#define KERN_MAXPROC		6
#define KERN_MAXFILES		7
#define KERN_ARGMAX		8
#define KERN_SECURELVL		9
#define KERN_HOSTNAME		10
#define KERN_HOSTID		11
#define KERN_CLOCKRATE		12
#define KERN_VNODE		13
#define KERN_PROC		14
#define KERN_FILE		15
#define KERN_PROF		16
#define KERN_POSIX1		17
#define KERN_NGROUPS		18
#define KERN_JOB_CONTROL	19
#define KERN_SAVED_IDS		20
#define KERN_BOOTTIME		21
#define KERN_DOMAINNAME		22
#define KERN_MAXPARTITIONS	23
#define KERN_RAWPARTITION	24
#define KERN_NTPTIME		25
#define KERN_TIMEX		26
#define KERN_AUTONICETIME	27
#define KERN_AUTONICEVAL	28
#define KERN_RTC_OFFSET		29
#define KERN_ROOT_DEVICE	30
#define KERN_MSGBUFSIZE		31
#define KERN_FSYNC		32
#define KERN_OLDSYSVMSG		33
#define KERN_OLDSYSVSEM		34
#define KERN_OLDSYSVSHM		35
#define KERN_OLDSHORTCORENAME	36
#define KERN_SYNCHRONIZED_IO	37
#define KERN_IOV_MAX		38
#define KERN_MBUF		39
#define KERN_MAPPED_FILES	40
#define KERN_MEMLOCK		41
#define KERN_MEMLOCK_RANGE	42
#define KERN_MEMORY_PROTECTION	43
#define KERN_LOGIN_NAME_MAX	44
#define KERN_DEFCORENAME	45
#define KERN_LOGSIGEXIT		46
#define KERN_PROC2		47
#define KERN_PROC_ARGS		48
#define KERN_FSCALE		49
#define KERN_CCPU		50
#define KERN_CP_TIME		51
#define KERN_SYSVIPC_INFO	52
#define KERN_MSGBUF		53
#define KERN_CONSDEV		54
#define KERN_MAXPTYS		55
#define KERN_PIPE		56
#define KERN_MAXPHYS		57
#define KERN_SBMAX		58
#define KERN_TKSTAT		59
#define KERN_MONOTONIC_CLOCK	60
#define KERN_URND		61
#define KERN_LABELSECTOR	62
#define KERN_LABELOFFSET	63
#define KERN_LWP		64
#define KERN_FORKFSLEEP		65
#define KERN_DUMP_ON_PANIC	72
#define KERN_ROOT_PARTITION	74
#define KERN_DRIVERS		75
#define KERN_BUF		76
#define KERN_FILE2		77
#define KERN_VERIEXEC		78
#define KERN_CP_ID		79
#define KERN_HARDCLOCK_TICKS	80
#define KERN_ARND		81
#define KERN_SYSVIPC		82

/* kern.drivers is an array of these; -1 where the driver has no such device. */
struct kinfo_drivers {
	int	d_cmajor;
	int	d_bmajor;
	char	d_name[24];
};

/* Processes and their threads, in structs that have the same layout on every machine. */
#define KI_NGROUPS	16
#define KI_MAXCOMLEN	24
#define KI_WMESGLEN	8
#define KI_MAXLOGNAME	24
#define KI_MAXEMULLEN	16
#define KI_LNAMELEN	20

typedef struct {
	uint32_t	__bits[4];
} ki_sigset_t;

struct kinfo_proc2 {
	uint64_t	p_forw, p_back, p_paddr, p_addr, p_fd, p_cwdi, p_stats, p_limit, p_vmspace, p_sigacts, p_sess, p_tsess;
	uint64_t	p_ru;
	int32_t		p_eflag, p_exitsig, p_flag;
	int32_t		p_pid, p_ppid, p_sid, p__pgid, p_tpgid;
	uint32_t	p_uid, p_ruid, p_gid, p_rgid;
	uint32_t	p_groups[KI_NGROUPS];
	int16_t		p_ngroups, p_jobc;
	uint32_t	p_tdev;
	uint32_t	p_estcpu, p_rtime_sec, p_rtime_usec;
	int32_t		p_cpticks;
	uint32_t	p_pctcpu, p_swtime, p_slptime;
	int32_t		p_schedflags;
	uint64_t	p_uticks, p_sticks, p_iticks;
	uint64_t	p_tracep;
	int32_t		p_traceflag;
	int32_t		p_holdcnt;
	ki_sigset_t	p_siglist, p_sigmask, p_sigignore, p_sigcatch;
	int8_t		p_stat;
	uint8_t		p_priority, p_usrpri, p_nice;
	uint16_t	p_xstat, p_acflag;
	char		p_comm[KI_MAXCOMLEN];
	char		p_wmesg[KI_WMESGLEN];
	uint64_t	p_wchan;
	char		p_login[KI_MAXLOGNAME];
	int32_t		p_vm_rssize, p_vm_tsize, p_vm_dsize, p_vm_ssize;
	int64_t		p_uvalid;
	uint32_t	p_ustart_sec, p_ustart_usec, p_uutime_sec, p_uutime_usec, p_ustime_sec, p_ustime_usec;
	uint64_t	p_uru_maxrss, p_uru_ixrss, p_uru_idrss, p_uru_isrss, p_uru_minflt, p_uru_majflt, p_uru_nswap;
	uint64_t	p_uru_inblock, p_uru_oublock, p_uru_msgsnd, p_uru_msgrcv, p_uru_nsignals, p_uru_nvcsw, p_uru_nivcsw;
	uint32_t	p_uctime_sec, p_uctime_usec;
	uint64_t	p_cpuid, p_realflag, p_nlwps, p_nrlwps, p_realstat;
	uint32_t	p_svuid, p_svgid;
	char		p_ename[KI_MAXEMULLEN];
	int64_t		p_vm_vsize, p_vm_msize;
};

struct kinfo_lwp {
	uint64_t	l_forw, l_back, l_laddr, l_addr;
	int32_t		l_lid, l_flag;
	uint32_t	l_swtime, l_slptime;
	int32_t		l_schedflags, l_holdcnt;
	uint8_t		l_priority, l_usrpri;
	int8_t		l_stat, l_pad1;
	int32_t		l_pad2;
	char		l_wmesg[KI_WMESGLEN];
	uint64_t	l_wchan, l_cpuid;
	uint32_t	l_rtime_sec, l_rtime_usec, l_cpticks, l_pctcpu, l_pid;
	char		l_name[KI_LNAMELEN];
};

#include <sys/sysctl_proc.h>

#define HW_MACHINE		1
#define HW_MODEL		2
#define HW_NCPU			3
#define HW_BYTEORDER		4
#define HW_PHYSMEM		5
#define HW_USERMEM		6
#define HW_PAGESIZE		7
#define HW_DISKNAMES		8
#define HW_IOSTATS		9
#define HW_MACHINE_ARCH		10
#define HW_ALIGNBYTES		11
#define HW_CNMAGIC		12
#define HW_PHYSMEM64		13
#define HW_USERMEM64		14
#define HW_IOSTATNAMES		15
#define HW_NCPUONLINE		16

#define CTL_DEBUG_NAME		0
#define CTL_DEBUG_VALUE		1

#define PROC_CURPROC		(~((u_int)1 << 31))
#define PROC_PID_CORENAME	1
#define PROC_PID_LIMIT		2
#define PROC_PID_STOPFORK	3
#define PROC_PID_STOPEXEC	4
#define PROC_PID_STOPEXIT	5

#define EMUL_LINUX		1
#define EMUL_IRIX		2
#define EMUL_DARWIN		3
#define EMUL_MACH		4

/* A member that takes 8 bytes on every machine. */
#define __sysc_unpad(type)	union { uint64_t __sysc_upad; struct { type __sysc_sdatum; } __sysc_ustr; }

struct sysctlnode;

#define SYSCTLFN_PROTO \
	const int *, u_int, void *, size_t *, const void *, size_t, const int *, struct lwp *, const struct sysctlnode *
#define SYSCTLFN_ARGS \
	const int *name, u_int namelen, void *oldp, size_t *oldlenp, const void *newp, size_t newlen, \
	const int *oname, struct lwp *l, const struct sysctlnode *rnode
#define SYSCTLFN_CALL(node)	name, namelen, oldp, oldlenp, newp, newlen, oname, l, node
#define SYSCTLFN_RWPROTO \
	const int *, u_int, void *, size_t *, const void *, size_t, const int *, struct lwp *, struct sysctlnode *

typedef int	(*sysctlfn)(SYSCTLFN_PROTO);

/* A node. A leaf has data, or a function that answers for it; one of CTLTYPE_NODE has an array of others. */
struct sysctlnode {
	uint32_t	sysctl_flags;	/* type, CTLFLAG_*, version */
	int32_t		sysctl_num;
	char		sysctl_name[SYSCTL_NAMELEN];
	uint32_t	sysctl_ver;	/* changes when something below it does */
	uint32_t	__rsvd;
	union {
		struct {
			uint32_t	suc_csize;	/* room for so many children, */
			uint32_t	suc_clen;	/* and how many there are */
			__sysc_unpad(struct sysctlnode *) _suc_child;
		} scu_child;
		struct {
			__sysc_unpad(void *) _sud_data;
			__sysc_unpad(size_t) _sud_offset;
		} scu_data;
		int32_t		scu_alias;
		int32_t		scu_idata;
		u_quad_t	scu_qdata;
		bool		scu_bdata;
	} sysctl_un;
	__sysc_unpad(size_t) _sysctl_size;
	__sysc_unpad(sysctlfn) _sysctl_func;
	__sysc_unpad(struct sysctlnode *) _sysctl_parent;
	__sysc_unpad(const char *) _sysctl_desc;
};
#define sysctl_csize	sysctl_un.scu_child.suc_csize
#define sysctl_clen	sysctl_un.scu_child.suc_clen
#define sysctl_child	sysctl_un.scu_child._suc_child.__sysc_ustr.__sysc_sdatum
#define sysctl_data	sysctl_un.scu_data._sud_data.__sysc_ustr.__sysc_sdatum
#define sysctl_offset	sysctl_un.scu_data._sud_offset.__sysc_ustr.__sysc_sdatum
#define sysctl_alias	sysctl_un.scu_alias
#define sysctl_idata	sysctl_un.scu_idata
#define sysctl_qdata	sysctl_un.scu_qdata
#define sysctl_bdata	sysctl_un.scu_bdata
#define sysctl_size	_sysctl_size.__sysc_ustr.__sysc_sdatum
#define sysctl_func	_sysctl_func.__sysc_ustr.__sysc_sdatum
#define sysctl_parent	_sysctl_parent.__sysc_ustr.__sysc_sdatum
#define sysctl_desc	_sysctl_desc.__sysc_ustr.__sysc_sdatum

/* A description, which a kernel that has none for its nodes would leave out. */
#define SYSCTL_DESCR(s)	s

/* Before NetBSD 2.0: a table of names by number. */
struct ctlname {
	const char	*ctl_name;
	int		 ctl_type;
};

struct sysctldesc {
	int32_t		descr_num;
	uint32_t	descr_ver;
	uint32_t	descr_len;
	char		descr_str[1];
};
#define __sysc_desc_roundup(x)	(((x) - 1 | sizeof(int32_t) - 1) + 1)
#define __sysc_desc_len(l)	(sizeof(struct sysctldesc) - 1 + __sysc_desc_roundup(l))

#ifdef _KERNEL
struct sysctllog;

extern struct sysctlnode	sysctl_root;

/* A function that creates a module's nodes: the module calls it when it is loaded, with the log for sysctl_teardown(). */
#define SYSCTL_SETUP_PROTO(name)	void name(struct sysctllog **)
#define SYSCTL_SETUP(name, desc) \
	SYSCTL_SETUP_PROTO(name); \
	void name(struct sysctllog **clog)
typedef void	(*sysctl_setup_func)(struct sysctllog **);

/*
 * Create a node below *rnode (or the root), at the place that numbers up to CTL_EOL say; CTL_CREATE last: with a number
 * of its own choice. *cnode is the node. sysctl_teardown() removes what is in the log.
 */
int	sysctl_createv(struct sysctllog **log, int cflags, const struct sysctlnode **rnode, const struct sysctlnode **cnode,
	    int flags, int type, const char *namep, const char *desc, sysctlfn func, u_quad_t qv, void *newp,
	    size_t newlen, ...);
int	sysctl_destroyv(struct sysctlnode *rnode, ...);
void	sysctl_teardown(struct sysctllog **logp);

int	sysctl_dispatch(SYSCTLFN_PROTO);
int	sysctl_lookup(SYSCTLFN_PROTO);
int	sysctl_query(SYSCTLFN_PROTO);
int	sysctl_notavail(SYSCTLFN_PROTO);
int	sysctl_create(SYSCTLFN_PROTO);
int	sysctl_destroy(SYSCTLFN_PROTO);
int	sysctl_describe(SYSCTLFN_PROTO);
void	sysctl_free(struct sysctlnode *rnode);
int	sysctl_locate(struct lwp *l, const int *name, u_int namelen, const struct sysctlnode **rnode, int *nip);
int	sysctl_copyin(struct lwp *l, const void *uaddr, void *kaddr, size_t len);
int	sysctl_copyout(struct lwp *l, const void *kaddr, void *uaddr, size_t len);
int	sysctl_copyinstr(struct lwp *l, const void *uaddr, void *kaddr, size_t len, size_t *done);
void	sysctl_lock(bool write);
void	sysctl_relock(void);
void	sysctl_unlock(void);

/* Before NetBSD 2.0: the work of a function that answers for a variable. oldlenp is the kernel's. */
int	sysctl_int(void *oldp, size_t *oldlenp, void *newp, size_t newlen, int *valp);
int	sysctl_rdint(void *oldp, size_t *oldlenp, void *newp, int val);
int	sysctl_quad(void *oldp, size_t *oldlenp, void *newp, size_t newlen, quad_t *valp);
int	sysctl_rdquad(void *oldp, size_t *oldlenp, void *newp, quad_t val);
int	sysctl_string(void *oldp, size_t *oldlenp, void *newp, size_t newlen, char *str, int maxlen);
int	sysctl_rdstring(void *oldp, size_t *oldlenp, void *newp, const char *str);
int	sysctl_struct(void *oldp, size_t *oldlenp, void *newp, size_t newlen, void *sp, int len);
int	sysctl_rdstruct(void *oldp, size_t *oldlenp, void *newp, const void *sp, int len);
#endif

#endif
