/* <sys/ktrace.h>: ktrace(2): records of what a process does. */

#ifndef _SYS_KTRACE_H_
#define _SYS_KTRACE_H_

#include <sys/types.h>

#define KTROP_SET	0
#define KTROP_CLEAR	1
#define KTROP_CLEARFILE	2
#define KTRFLAG_DESCEND	4

#define KTR_SYSCALL	1
#define KTR_SYSRET	2
#define KTR_NAMEI	3
#define KTR_GENIO	4
#define KTR_PSIG	5
#define KTR_CSW		6
#define KTR_EMUL	7
#define KTR_USER	8
#define KTR_EXEC_ARG	10
#define KTR_EXEC_ENV	11
#define KTR_MIB		14

#define KTRFAC_MASK	0x00ffffff
#define KTRFAC_SYSCALL	(1 << KTR_SYSCALL)
#define KTRFAC_SYSRET	(1 << KTR_SYSRET)
#define KTRFAC_NAMEI	(1 << KTR_NAMEI)
#define KTRFAC_GENIO	(1 << KTR_GENIO)
#define KTRFAC_PSIG	(1 << KTR_PSIG)
#define KTRFAC_CSW	(1 << KTR_CSW)
#define KTRFAC_EMUL	(1 << KTR_EMUL)
#define KTRFAC_USER	(1 << KTR_USER)

/* Nothing is traced here. */
#define KTRPOINT(p, type)	0
#define ktrace_on		0

#endif
