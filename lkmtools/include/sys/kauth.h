/* <sys/kauth.h>: authorization, and the accessors of credentials. */

#ifndef _SYS_KAUTH_H_
#define _SYS_KAUTH_H_

#include <sys/types.h>
#include <sys/ucred.h>

typedef struct kauth_cred	*kauth_cred_t;
typedef uint32_t		kauth_action_t;

#define KAUTH_RESULT_ALLOW	0
#define KAUTH_RESULT_DENY	1
#define KAUTH_RESULT_DEFER	2

enum {
	KAUTH_GENERIC_CANSEE = 1,
	KAUTH_GENERIC_ISSUSER
};

enum {
	KAUTH_SYSTEM_ACCOUNTING = 1,
	KAUTH_SYSTEM_CHROOT,
	KAUTH_SYSTEM_CHSYSFLAGS,
	KAUTH_SYSTEM_DEBUG,
	KAUTH_SYSTEM_FILEHANDLE,
	KAUTH_SYSTEM_LKM,
	KAUTH_SYSTEM_MKNOD,
	KAUTH_SYSTEM_MOUNT,
	KAUTH_SYSTEM_PSET,
	KAUTH_SYSTEM_REBOOT,
	KAUTH_SYSTEM_SETIDCORE,
	KAUTH_SYSTEM_SWAPCTL,
	KAUTH_SYSTEM_SYSCTL,
	KAUTH_SYSTEM_TIME,
	KAUTH_SYSTEM_MODULE
};

enum kauth_system_req {
	KAUTH_REQ_SYSTEM_CHROOT_CHROOT = 1,
	KAUTH_REQ_SYSTEM_CHROOT_FCHROOT,
	KAUTH_REQ_SYSTEM_DEBUG_IPKDB,
	KAUTH_REQ_SYSTEM_MOUNT_GET,
	KAUTH_REQ_SYSTEM_MOUNT_NEW,
	KAUTH_REQ_SYSTEM_MOUNT_UNMOUNT,
	KAUTH_REQ_SYSTEM_MOUNT_UPDATE,
	KAUTH_REQ_SYSTEM_PSET_ASSIGN,
	KAUTH_REQ_SYSTEM_PSET_BIND,
	KAUTH_REQ_SYSTEM_PSET_CREATE,
	KAUTH_REQ_SYSTEM_PSET_DESTROY,
	KAUTH_REQ_SYSTEM_SYSCTL_ADD,
	KAUTH_REQ_SYSTEM_SYSCTL_DELETE,
	KAUTH_REQ_SYSTEM_SYSCTL_DESC,
	KAUTH_REQ_SYSTEM_SYSCTL_PRVT,
	KAUTH_REQ_SYSTEM_TIME_ADJTIME,
	KAUTH_REQ_SYSTEM_TIME_NTPADJTIME,
	KAUTH_REQ_SYSTEM_TIME_RTCOFFSET,
	KAUTH_REQ_SYSTEM_TIME_SYSTEM,
	KAUTH_REQ_SYSTEM_TIME_TIMECOUNTERS
};

enum {
	KAUTH_PROCESS_CANSEE = 1,
	KAUTH_PROCESS_CORENAME,
	KAUTH_PROCESS_FORK,
	KAUTH_PROCESS_KEVENT_FILTER,
	KAUTH_PROCESS_KTRACE,
	KAUTH_PROCESS_NICE,
	KAUTH_PROCESS_PROCFS,
	KAUTH_PROCESS_PTRACE,
	KAUTH_PROCESS_RLIMIT,
	KAUTH_PROCESS_SCHEDULER_GETAFFINITY,
	KAUTH_PROCESS_SCHEDULER_SETAFFINITY,
	KAUTH_PROCESS_SCHEDULER_GETPARAM,
	KAUTH_PROCESS_SCHEDULER_SETPARAM,
	KAUTH_PROCESS_SETID,
	KAUTH_PROCESS_SIGNAL,
	KAUTH_PROCESS_STOPFLAG
};

/* The first argument of CANSEE, CORENAME, KTRACE, PROCFS and RLIMIT: a KAUTH_ARG(). */
enum kauth_process_req {
	KAUTH_REQ_PROCESS_CANSEE_ARGS = 1,
	KAUTH_REQ_PROCESS_CANSEE_ENTRY,
	KAUTH_REQ_PROCESS_CANSEE_ENV,
	KAUTH_REQ_PROCESS_CANSEE_OPENFILES,
	KAUTH_REQ_PROCESS_CORENAME_GET,
	KAUTH_REQ_PROCESS_CORENAME_SET,
	KAUTH_REQ_PROCESS_KTRACE_PERSISTENT,
	KAUTH_REQ_PROCESS_PROCFS_CTL,
	KAUTH_REQ_PROCESS_PROCFS_READ,
	KAUTH_REQ_PROCESS_PROCFS_RW,
	KAUTH_REQ_PROCESS_PROCFS_WRITE,
	KAUTH_REQ_PROCESS_RLIMIT_GET,
	KAUTH_REQ_PROCESS_RLIMIT_SET
};
#define KAUTH_ARG(arg)	((void *)(unsigned long)(arg))

/* Actions of the network, the devices and the machine: root may do them all. */
enum {
	KAUTH_NETWORK_ALTQ = 1,
	KAUTH_NETWORK_BIND,
	KAUTH_NETWORK_FIREWALL,
	KAUTH_NETWORK_INTERFACE,
	KAUTH_NETWORK_FORWSRCRT,
	KAUTH_NETWORK_NFS,
	KAUTH_NETWORK_ROUTE,
	KAUTH_NETWORK_SOCKET
};
enum kauth_network_req {
	KAUTH_REQ_NETWORK_ALTQ_AFMAP = 1,
	KAUTH_REQ_NETWORK_ALTQ_BLUE,
	KAUTH_REQ_NETWORK_ALTQ_CBQ,
	KAUTH_REQ_NETWORK_ALTQ_CDNR,
	KAUTH_REQ_NETWORK_ALTQ_CONF,
	KAUTH_REQ_NETWORK_ALTQ_FIFOQ,
	KAUTH_REQ_NETWORK_ALTQ_HFSC,
	KAUTH_REQ_NETWORK_ALTQ_JOBS,
	KAUTH_REQ_NETWORK_ALTQ_PRIQ,
	KAUTH_REQ_NETWORK_ALTQ_RED,
	KAUTH_REQ_NETWORK_ALTQ_RIO,
	KAUTH_REQ_NETWORK_ALTQ_WFQ,
	KAUTH_REQ_NETWORK_BIND_PORT,
	KAUTH_REQ_NETWORK_BIND_PRIVPORT,
	KAUTH_REQ_NETWORK_FIREWALL_FW,
	KAUTH_REQ_NETWORK_FIREWALL_NAT,
	KAUTH_REQ_NETWORK_INTERFACE_GET,
	KAUTH_REQ_NETWORK_INTERFACE_GETPRIV,
	KAUTH_REQ_NETWORK_INTERFACE_SET,
	KAUTH_REQ_NETWORK_INTERFACE_SETPRIV,
	KAUTH_REQ_NETWORK_NFS_EXPORT,
	KAUTH_REQ_NETWORK_NFS_SVC,
	KAUTH_REQ_NETWORK_SOCKET_OPEN,
	KAUTH_REQ_NETWORK_SOCKET_RAWSOCK,
	KAUTH_REQ_NETWORK_SOCKET_CANSEE
};
enum {
	KAUTH_MACHDEP_IOPERM_GET = 1,
	KAUTH_MACHDEP_IOPERM_SET,
	KAUTH_MACHDEP_IOPL,
	KAUTH_MACHDEP_LDT_GET,
	KAUTH_MACHDEP_LDT_SET,
	KAUTH_MACHDEP_MTRR_GET,
	KAUTH_MACHDEP_MTRR_SET,
	KAUTH_MACHDEP_UNMANAGEDMEM
};
enum {
	KAUTH_DEVICE_TTY_OPEN = 1,
	KAUTH_DEVICE_TTY_PRIVSET,
	KAUTH_DEVICE_TTY_STI,
	KAUTH_DEVICE_RAWIO_SPEC,
	KAUTH_DEVICE_RAWIO_PASSTHRU,
	KAUTH_DEVICE_BLUETOOTH_SETPRIV
};
enum kauth_device_req {
	KAUTH_REQ_DEVICE_RAWIO_SPEC_READ = 1,
	KAUTH_REQ_DEVICE_RAWIO_SPEC_WRITE,
	KAUTH_REQ_DEVICE_RAWIO_SPEC_RW
};

#define KAUTH_SCOPE_GENERIC	"org.netbsd.kauth.generic"
#define KAUTH_SCOPE_SYSTEM	"org.netbsd.kauth.system"
#define KAUTH_SCOPE_PROCESS	"org.netbsd.kauth.process"
#define KAUTH_SCOPE_NETWORK	"org.netbsd.kauth.network"
#define KAUTH_SCOPE_MACHDEP	"org.netbsd.kauth.machdep"
#define KAUTH_SCOPE_DEVICE	"org.netbsd.kauth.device"

#ifdef _KERNEL
struct proc;

/* Listeners and scopes of modules: this kernel asks its own security model alone, and to make one is a panic. */
typedef struct kauth_scope	*kauth_scope_t;
typedef struct kauth_listener	*kauth_listener_t;
typedef int	(*kauth_scope_callback_t)(kauth_cred_t, kauth_action_t, void *, void *, void *, void *, void *);

kauth_scope_t	kauth_register_scope(const char *id, kauth_scope_callback_t callback, void *cookie);
void		kauth_deregister_scope(kauth_scope_t scope);
kauth_listener_t kauth_listen_scope(const char *id, kauth_scope_callback_t callback, void *cookie);
void		kauth_unlisten_scope(kauth_listener_t listener);

/* May these credentials do that? 0 or EPERM. */
int	kauth_authorize_generic(kauth_cred_t cred, kauth_action_t action, void *arg);
int	kauth_authorize_system(kauth_cred_t cred, kauth_action_t action, int req, void *arg1, void *arg2, void *arg3);
int	kauth_authorize_process(kauth_cred_t cred, kauth_action_t action, struct proc *p, void *arg1, void *arg2,
	    void *arg3);
int	kauth_authorize_network(kauth_cred_t cred, kauth_action_t action, int req, void *arg1, void *arg2, void *arg3);
int	kauth_authorize_device(kauth_cred_t cred, kauth_action_t action, void *arg0, void *arg1, void *arg2,
	    void *arg3);
int	kauth_authorize_machdep(kauth_cred_t cred, kauth_action_t action, void *arg0, void *arg1, void *arg2,
	    void *arg3);

kauth_cred_t	kauth_cred_get(void);
void		kauth_cred_hold(kauth_cred_t cred);
void		kauth_cred_free(kauth_cred_t cred);
int		kauth_cred_ismember_gid(kauth_cred_t cred, gid_t gid, int *resultp);

static __inline __unused uid_t
kauth_cred_getuid(kauth_cred_t cred)
{
	return cred->cr_ruid;
}

static __inline __unused uid_t
kauth_cred_geteuid(kauth_cred_t cred)
{
	return cred->cr_uid;
}

static __inline __unused uid_t
kauth_cred_getsvuid(kauth_cred_t cred)
{
	return cred->cr_svuid;
}

static __inline __unused gid_t
kauth_cred_getgid(kauth_cred_t cred)
{
	return cred->cr_rgid;
}

static __inline __unused gid_t
kauth_cred_getegid(kauth_cred_t cred)
{
	return cred->cr_gid;
}

static __inline __unused gid_t
kauth_cred_getsvgid(kauth_cred_t cred)
{
	return cred->cr_svgid;
}

static __inline __unused u_int
kauth_cred_ngroups(kauth_cred_t cred)
{
	return cred->cr_ngroups;
}

static __inline __unused gid_t
kauth_cred_group(kauth_cred_t cred, u_int i)
{
	return cred->cr_groups[i];
}
#endif

#endif
