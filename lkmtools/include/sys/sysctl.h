/* <sys/sysctl.h>: names of sysctl(3) by number. */

#ifndef _SYS_SYSCTL_H_
#define _SYS_SYSCTL_H_

#include <sys/types.h>
#include <sys/proc.h>

#define CTL_MAXNAME		12
#define SYSCTL_NAMELEN		32

#define CTLTYPE_NODE		1
#define CTLTYPE_INT		2
#define CTLTYPE_STRING		3
#define CTLTYPE_QUAD		4
#define CTLTYPE_STRUCT		5

#define CTL_EOL			(-1)
#define CTL_QUERY		(-2)
#define CTL_CREATE		(-3)

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
#define KERN_PROC		14
#define KERN_BOOTTIME		21
#define KERN_MSGBUFSIZE		31
#define KERN_MSGBUF		53
#define KERN_DRIVERS		75
#define KERN_HARDCLOCK_TICKS	80

/* kern.drivers is an array of these; -1 where the driver has no such device. */
struct kinfo_drivers {
	int	d_cmajor;
	int	d_bmajor;
	char	d_name[24];
};

#define HW_MACHINE		1
#define HW_MODEL		2
#define HW_NCPU			3
#define HW_BYTEORDER		4
#define HW_PHYSMEM		5
#define HW_USERMEM		6
#define HW_PAGESIZE		7
#define HW_MACHINE_ARCH		10

#endif
