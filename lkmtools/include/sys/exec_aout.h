/* <sys/exec_aout.h>: a.out(5), the format of programs before ELF. */

#ifndef _SYS_EXEC_AOUT_H_
#define _SYS_EXEC_AOUT_H_

#include <sys/types.h>

#ifndef N_PAGSIZ
#define N_PAGSIZ(ex)	(__LDPGSZ)
#endif
#ifndef __LDPGSZ
#define __LDPGSZ	4096
#endif

struct exec {
	u_long	a_midmag;	/* flags, machine and magic, in network byte order */
	u_long	a_text;		/* bytes of each of these */
	u_long	a_data;
	u_long	a_bss;
	u_long	a_syms;
	u_long	a_entry;
	u_long	a_trsize;
	u_long	a_drsize;
};

#define OMAGIC	0407	/* text can be written */
#define NMAGIC	0410	/* text is read-only */
#define ZMAGIC	0413	/* paged */
#define QMAGIC	0314	/* paged, the header is part of the text */

/* The machine in a_midmag. */
#define MID_ZERO	0
#define MID_SUN010	1
#define MID_SUN020	2
#define MID_PC386	100
#define MID_I386	134
#define MID_M68K	135
#define MID_M68K4K	136
#define MID_NS32532	137
#define MID_SPARC	138
#define MID_PMAX	139
#define MID_VAX1K	140
#define MID_ALPHA	141
#define MID_MIPS	142
#define MID_ARM6	143
#define MID_M680002K	144
#define MID_SH3		145
#define MID_POWERPC64	148
#define MID_POWERPC	149
#define MID_VAX		150
#define MID_MIPS1	151
#define MID_MIPS2	152
#define MID_M88K	153
#define MID_HPPA	154
#define MID_SH5_64	155
#define MID_SPARC64	156
#define MID_X86_64	157
#define MID_SH5_32	158
#define MID_IA64	159
#define MID_HP200	200
#define MID_HP300	300
#define MID_HPUX800	523
#define MID_HPUX	524

#define EX_DYNAMIC	0x20
#define EX_PIC		0x10
#define EX_DPMASK	0x30

#define N_GETMAGIC(ex)	((((ex).a_midmag) & 0xffff0000) ? (__builtin_bswap32((ex).a_midmag) & 0xffff) : ((ex).a_midmag))
#define N_GETMID(ex)	((((ex).a_midmag) & 0xffff0000) ? ((__builtin_bswap32((ex).a_midmag) >> 16) & 0x03ff) : 0)
#define N_GETFLAG(ex)	((((ex).a_midmag) & 0xffff0000) ? ((__builtin_bswap32((ex).a_midmag) >> 26) & 0x3f) : 0)
#define N_SETMAGIC(ex, mag, mid, flag) \
	((ex).a_midmag = __builtin_bswap32((((flag) & 0x3f) << 26) | (((mid) & 0x03ff) << 16) | ((mag) & 0xffff)))

#define N_ALIGN(ex, x) \
	(N_GETMAGIC(ex) == ZMAGIC || N_GETMAGIC(ex) == QMAGIC ? ((x) + __LDPGSZ - 1) & ~(u_long)(__LDPGSZ - 1) : (x))
#define N_BADMAG(ex) \
	(N_GETMAGIC(ex) != NMAGIC && N_GETMAGIC(ex) != OMAGIC && N_GETMAGIC(ex) != ZMAGIC && N_GETMAGIC(ex) != QMAGIC)
#define N_TXTADDR(ex)	(N_GETMAGIC(ex) == OMAGIC ? 0 : __LDPGSZ)
#define N_DATADDR(ex) \
	(N_GETMAGIC(ex) == OMAGIC ? N_TXTADDR(ex) + (ex).a_text : \
	    (N_TXTADDR(ex) + (ex).a_text + __LDPGSZ - 1) & ~(u_long)(__LDPGSZ - 1))
#define N_BSSADDR(ex)	(N_DATADDR(ex) + (ex).a_data)
#define N_TXTOFF(ex)	(N_GETMAGIC(ex) == ZMAGIC ? __LDPGSZ : N_GETMAGIC(ex) == QMAGIC ? 0 : sizeof(struct exec))
#define N_DATOFF(ex)	N_ALIGN(ex, N_TXTOFF(ex) + (ex).a_text)
#define N_TRELOFF(ex)	(N_DATOFF(ex) + (ex).a_data)
#define N_DRELOFF(ex)	(N_TRELOFF(ex) + (ex).a_trsize)
#define N_SYMOFF(ex)	(N_DRELOFF(ex) + (ex).a_drsize)
#define N_STROFF(ex)	(N_SYMOFF(ex) + (ex).a_syms)

#ifdef _KERNEL
struct lwp;
struct exec_package;

int	exec_aout_makecmds(struct lwp *l, struct exec_package *epp);
int	exec_aout_prep_zmagic(struct lwp *l, struct exec_package *epp);
int	exec_aout_prep_nmagic(struct lwp *l, struct exec_package *epp);
int	exec_aout_prep_omagic(struct lwp *l, struct exec_package *epp);
int	cpu_exec_aout_makecmds(struct lwp *l, struct exec_package *epp);
#endif

#endif
