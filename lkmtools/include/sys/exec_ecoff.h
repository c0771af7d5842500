/* <sys/exec_ecoff.h>: ECOFF, the format of programs on Alpha and MIPS. */

#ifndef _SYS_EXEC_ECOFF_H_
#define _SYS_EXEC_ECOFF_H_

#include <sys/types.h>

struct ecoff_filehdr {
	u_short	f_magic;
	u_short	f_nscns;
	u_int	f_timdat;
	u_long	f_symptr;
	u_int	f_nsyms;
	u_short	f_opthdr;
	u_short	f_flags;
};

struct ecoff_aouthdr {
	u_short	magic;
	u_short	vstamp;
	u_long	tsize;
	u_long	dsize;
	u_long	bsize;
	u_long	entry;
	u_long	text_start;
	u_long	data_start;
	u_long	bss_start;
};

struct ecoff_exechdr {
	struct ecoff_filehdr	f;
	struct ecoff_aouthdr	a;
};

#define ECOFF_OMAGIC	0407
#define ECOFF_NMAGIC	0410
#define ECOFF_ZMAGIC	0413

#ifdef _KERNEL
struct lwp;
struct exec_package;

int	exec_ecoff_makecmds(struct lwp *l, struct exec_package *epp);
#endif

#endif
