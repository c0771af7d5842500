/* <sys/types.h>: the system's data types and device numbers. */

#ifndef _SYS_TYPES_H_
#define _SYS_TYPES_H_

#include <sys/cdefs.h>
#include <sys/stdint.h>
#include <machine/types.h>
#include <machine/endian.h>

typedef unsigned char	u_char;
typedef unsigned short	u_short;
typedef unsigned int	u_int;
typedef unsigned long	u_long;
typedef unsigned char	unchar;
typedef unsigned short	ushort;
typedef unsigned int	uint;
typedef unsigned long	ulong;

typedef uint8_t		u_int8_t;
typedef uint16_t	u_int16_t;
typedef uint32_t	u_int32_t;
typedef uint64_t	u_int64_t;
typedef int64_t		quad_t;
typedef uint64_t	u_quad_t;
typedef quad_t		*qaddr_t;
typedef int64_t		longlong_t;
typedef uint64_t	u_longlong_t;

/* NetBSD 5 has none in the kernel: it is void * there. */
#if !defined(_KERNEL) || __LKM_API < 500
typedef char		*caddr_t;
#endif
typedef int64_t		blkcnt_t;
typedef uint32_t	blksize_t;
typedef int		clockid_t;
#ifdef __LP64__
typedef unsigned int	clock_t;
typedef int		time_t;
#else
typedef unsigned long	clock_t;
typedef long		time_t;
#endif
typedef int64_t		daddr_t;
typedef uint32_t	dev_t;
typedef int32_t		devmajor_t;
typedef int32_t		devminor_t;
typedef uint32_t	fixpt_t;
typedef uint32_t	gid_t;
typedef uint32_t	id_t;
typedef uint64_t	ino_t;
typedef long		key_t;
typedef int32_t		lwpid_t;
typedef uint32_t	mode_t;
typedef uint32_t	nlink_t;
typedef int64_t		off_t;
typedef int32_t		pid_t;
typedef int		pri_t;
typedef uint64_t	rlim_t;
typedef int32_t		segsz_t;
typedef __SIZE_TYPE__	size_t;
typedef intptr_t	ssize_t;
typedef int32_t		suseconds_t;
typedef int32_t		swblk_t;
typedef int		timer_t;
typedef uint32_t	uid_t;
typedef unsigned int	useconds_t;
typedef int		cpuid_t;
typedef int		psetid_t;
typedef const volatile void *wchan_t;

#define NODEVMAJOR	(-1)
#define major(x)	((devmajor_t)(((x) & 0x000fff00) >> 8))
#define minor(x)	((devminor_t)((((x) & 0xfff00000) >> 12) | ((x) & 0x000000ff)))
#define makedev(x, y)	((dev_t)((((dev_t)(x) << 8) & 0x000fff00) | \
			    (((dev_t)(y) << 12) & 0xfff00000) | ((dev_t)(y) & 0x000000ff)))

#ifdef _KERNEL
struct lwp;
typedef struct lwp	lwp_t;
#include <sys/stdbool.h>

typedef int		boolean_t;
#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif
#endif

#ifndef NBBY
#define NBBY	8
#endif

#ifndef FD_SETSIZE
#define FD_SETSIZE	256
#endif
typedef struct fd_set {
	uint32_t	fds_bits[(FD_SETSIZE + 31) / 32];
} fd_set;

#endif
