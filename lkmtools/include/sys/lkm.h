/* <sys/lkm.h>: loadable kernel modules, version 2 of the interface (NetBSD 2.0 to 5.x). */

#ifndef _SYS_LKM_H_
#define _SYS_LKM_H_

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/ioccom.h>
#include <sys/queue.h>

#define LKM_VERSION	2
#define MODIOBUF	65536	/* 512 in the original */
#define LKM_OLDVERSION	1
#define MAXLKMNAME	32

typedef enum loadable_module {
	LM_SYSCALL,
	LM_VFS,
	LM_DEV,
	LM_STRMOD,
	LM_EXEC,
	LM_COMPAT,
	LM_MISC,
	LM_DRV
} MODTYPE;

/* A name for each, in that order: what modstat(8) shows. */
#define MODTYPE_NAMES	"SYSCALL", "VFS", "DEV", "STRMOD", "EXEC", "COMPAT", "MISC", "DRV"

/* Why a module's entry function is called. */
#define LKM_E_LOAD	1
#define LKM_E_UNLOAD	2
#define LKM_E_STAT	3

struct lkm_any {
	MODTYPE		 lkm_type;
	const char	*lkm_name;
	u_long		 lkm_offset;	/* slot, majors, or -1 */
	u_int		 lkm_modver;
	u_int		 lkm_sysver;
	const char	*lkm_envver;
};

/* What every module's own struct begins with: lkm_name and mod.lkm_name are both the name. */
#define __LKM_HEAD \
	union { \
		struct lkm_any mod; \
		struct { \
			MODTYPE		 lkm_type; \
			const char	*lkm_name; \
			u_long		 lkm_offset; \
			u_int		 lkm_modver; \
			u_int		 lkm_sysver; \
			const char	*lkm_envver; \
		}; \
	}

struct lkm_syscall {
	__LKM_HEAD;
	struct sysent	*lkm_sysent;
	struct sysent	 lkm_oldent;	/* what stood in the slot */
};

struct vfsops;
struct lkm_vfs {
	__LKM_HEAD;
	struct vfsops	*lkm_vfsops;
};

struct lkm_dev {
	__LKM_HEAD;
	const char		*lkm_devname;
	const struct bdevsw	*lkm_bdev;
	int			 lkm_bdevmaj;
	const struct cdevsw	*lkm_cdev;
	int			 lkm_cdevmaj;
};

struct lkm_strmod {
	__LKM_HEAD;
};

struct execsw;
struct lkm_exec {
	__LKM_HEAD;
	struct execsw	*lkm_execsw;
	const char	*lkm_emul;
};

struct emul;
struct lkm_compat {
	__LKM_HEAD;
	const struct emul	*lkm_compat;
};

struct lkm_misc {
	__LKM_HEAD;
};

struct cfdriver;
struct cfdata;
struct cfattachlkminit;
struct lkm_drv {
	__LKM_HEAD;
	struct cfdriver			**lkm_cd;
	const struct cfattachlkminit	 *lkm_cai;
	struct cfdata			 *lkm_cf;
};

union lkm_generic {
	struct lkm_any		*lkm_any;
	struct lkm_syscall	*lkm_syscall;
	struct lkm_vfs		*lkm_vfs;
	struct lkm_dev		*lkm_dev;
	struct lkm_strmod	*lkm_strmod;
	struct lkm_exec		*lkm_exec;
	struct lkm_compat	*lkm_compat;
	struct lkm_misc		*lkm_misc;
	struct lkm_drv		*lkm_drv;
};

/* The kernel's record of a module. */
struct lkm_table {
	char			 refcnt;	/* 0 reserved, 1 loaded */
	char			 forced;
	int			(*entry)(struct lkm_table *, int, int);
	union lkm_generic	 private;
	u_long			 size;
	u_long			 offset;
	u_long			 area;
	u_long			 syms;
	u_long			 sym_size;
	u_long			 sym_offset;
	u_long			 sym_symsize;
	int			 id;
	TAILQ_ENTRY(lkm_table)	 link;
};

#ifdef _KERNEL
int	lkmdispatch(struct lkm_table *lkmtp, int cmd);
int	lkmexists(struct lkm_table *lkmtp);
int	lkm_nofunc(struct lkm_table *lkmtp, int cmd);

/*
 * Not NetBSD's: keep a module from being unloaded. The kernel counts for each module that calls; who drops more than
 * it took gets EINVAL, and the console a line.
 */
int	lkm_hold(struct lkm_table *lkmtp);
int	lkm_rele(struct lkm_table *lkmtp);
int	lkm_hold_addr(const void *addr);	/* the module in whose memory addr lies */
int	lkm_rele_addr(const void *addr);

/* Options of the kernel that a module must have been compiled with, too. */
#ifdef DEBUG
#define _LKM_E_DEBUG	",DEBUG"
#else
#define _LKM_E_DEBUG	""
#endif
#ifdef MALLOCLOG
#define _LKM_E_MALLOCLOG	",MALLOCLOG"
#else
#define _LKM_E_MALLOCLOG	""
#endif
#define _LKM_ENV_VERSION	_LKM_E_DEBUG _LKM_E_MALLOCLOG

#define __LKM_MOD(type, name, offset) \
	{ { (type), (name), (u_long)(offset), LKM_VERSION, __LKM_SYSVER, _LKM_ENV_VERSION } }

/* One of these stands in each module, with or without a semicolon behind it. */
#define MOD_SYSCALL(name, callslot, sysentp) \
	static struct lkm_syscall _module = { __LKM_MOD(LM_SYSCALL, name, callslot), (sysentp), { 0 } };
#define MOD_VFS(name, vfsslot, vfsopsp) \
	static struct lkm_vfs _module = { __LKM_MOD(LM_VFS, name, vfsslot), (void *)(vfsopsp) };
#if __LKM_API < 200	/* one switch, its major or -1 */
#define LM_DT_BLOCK	0
#define LM_DT_CHAR	1
#define MOD_DEV(name, devtype, devslot, devp) \
	static struct lkm_dev _module = { \
		__LKM_MOD(LM_DEV, name, devslot), (name), (devtype) == LM_DT_BLOCK ? (const void *)(devp) : (void *)0, -1, \
		(devtype) == LM_DT_CHAR ? (const void *)(devp) : (void *)0, -1 };
#else
#define MOD_DEV(name, devname, bdevp, bdevmaj, cdevp, cdevmaj) \
	static struct lkm_dev _module = { \
		__LKM_MOD(LM_DEV, name, -1), (devname), (bdevp), (bdevmaj), (cdevp), (cdevmaj) };
#endif
#define MOD_EXEC(name, execslot, execsw, emul) \
	static struct lkm_exec _module = { __LKM_MOD(LM_EXEC, name, execslot), (execsw), (emul) };
#define MOD_COMPAT(name, compatslot, emulp) \
	static struct lkm_compat _module = { __LKM_MOD(LM_COMPAT, name, compatslot), (emulp) };
#define MOD_MISC(name) \
	static struct lkm_misc _module = { __LKM_MOD(LM_MISC, name, -1) };
#define MOD_DRV(name, drvs, atts, data) \
	static struct lkm_drv _module = { __LKM_MOD(LM_DRV, name, -1), (drvs), (atts), (data) };

/*
 * The body of an entry function. On load the kernel's tables are wired first, then `load' is called, and they are
 * unwired again when it fails; on unload `unload' is called first and may refuse. It returns in every case.
 */
#define LKM_DISPATCH(lkmtp, cmd, envdep, load, unload, stat) \
	{ \
		int _lkm_error = 0; \
		switch (cmd) { \
		case LKM_E_LOAD: \
			(lkmtp)->private.lkm_any = (struct lkm_any *)(void *)&_module; \
			if ((_lkm_error = lkmdispatch((lkmtp), (cmd))) != 0) \
				return _lkm_error; \
			if ((_lkm_error = load((lkmtp), (cmd))) != 0) \
				(void)lkmdispatch((lkmtp), LKM_E_UNLOAD); \
			return _lkm_error; \
		case LKM_E_UNLOAD: \
			if ((_lkm_error = unload((lkmtp), (cmd))) != 0) \
				return _lkm_error; \
			return lkmdispatch((lkmtp), (cmd)); \
		case LKM_E_STAT: \
			if ((_lkm_error = stat((lkmtp), (cmd))) != 0) \
				return _lkm_error; \
			return lkmdispatch((lkmtp), (cmd)); \
		} \
		return _lkm_error; \
	}
#define DISPATCH(lkmtp, cmd, ver, load, unload, stat) \
	LKM_DISPATCH(lkmtp, cmd, NULL, load, unload, stat)
#endif

/* The two majors of a DEV module in one lkm_offset. */
#define LKM_MAKEMAJOR(b, c)	((((b) & 0xffff) << 16) | ((c) & 0xffff))
#define LKM_BLOCK_MAJOR(v)	((int)(int16_t)(((v) >> 16) & 0xffff))
#define LKM_CHAR_MAJOR(v)	((int)(int16_t)((v) & 0xffff))

/* The ioctls of /dev/lkm. */
struct lmc_oresrv {
	u_long		 size;
	char		*name;
	int		 slot;
	u_long		 addr;
};

struct lmc_resrv {
	u_long		 size;
	char		*name;
	int		 slot;
	u_long		 addr;
	u_long		 xxx_unused1;
	u_long		 sym_size;
	u_long		 xxx_unused2;
	u_long		 sym_symsize;
	u_long		 sym_addr;
};

struct lmc_loadbuf {
	int		 cnt;
	char		*data;
};

struct lmc_load {
	void		*address;
	int		 status;
	int		 id;
};

struct lmc_unload {
	int		 id;
	char		*name;
	int		 status;
};

struct lmc_stat {
	int		 id;
	char		 name[MAXLKMNAME];
	u_long		 offset;
	MODTYPE		 type;
	u_long		 area;
	u_long		 size;
	u_long		 private;
	int		 ver;
};

#define LMRESERV_O	_IOWR('K', 0, struct lmc_oresrv)
#define LMLOADBUF	_IOW('K', 1, struct lmc_loadbuf)
#define LMUNRESRV	_IO('K', 2)
#define LMREADY		_IOW('K', 3, u_long)
#define LMRESERV	_IOWR('K', 4, struct lmc_resrv)
#define LMLOAD		_IOW('K', 9, struct lmc_load)
#define LMUNLOAD	_IOWR('K', 10, struct lmc_unload)
#define LMSTAT		_IOWR('K', 11, struct lmc_stat)
#define LMLOADSYMS	_IOW('K', 12, struct lmc_loadbuf)
#define LMFORCE		_IOW('K', 13, u_long)

/*
 * LMINFO is not NetBSD's: between LMRESERV and LMREADY it tells the kernel what the calls above cannot carry. Offsets
 * count from the start of the area, names from the start of the strings; name 0 is none.
 */
#define LMINFO_VERSION	2
#define LMI_PROT_READ	1
#define LMI_PROT_WRITE	2
#define LMI_PROT_EXEC	4
#define LMI_ASSIGNED	1	/* an import that the user gave a value: it is not compared with the kernel's */

struct lmi_segment {
	u_long		 offset;
	u_long		 size;
	u_int		 prot;
	u_int		 reserved;
};

struct lmi_symbol {
	u_long		 offset;
	u_long		 size;
	u_int		 name;
	u_int		 type;		/* ELF st_info */
};

struct lmi_import {
	u_long		 value;
	u_int		 name;
	u_int		 flags;
};

struct lmc_info {
	u_int			 version;
	u_int			 nsegments;
	struct lmi_segment	*segments;
	u_int			 nsymbols;
	u_int			 nimports;
	struct lmi_symbol	*symbols;
	struct lmi_import	*imports;
	char			*strings;
	u_long			 strsize;
	u_int			 path;
	u_int			 buildid_len;
	u_char			 buildid[32];
	u_int			 dialect;	/* a name: that of the note, see <sys/cdefs.h>; 0: "5.2" */
	u_int			 checksum;	/* of the object, before it was linked; 0: not known */
};

#define LMINFO		_IOW('K', 32, struct lmc_info)

/*
 * LMREFS is not NetBSD's either: who needs the module `id', and whom it needs. `nrefs' is the room behind `refs', and
 * then how many rows there are.
 */
#define LMREFS_VERSION	1
#define LMR_USES	1	/* it is linked against module id */
#define LMR_USEDBY	2	/* module id is linked against it */
#define LMR_HOLD	3	/* module id (-1: the kernel) holds `count' references on it */
#define LMR_CALL	4	/* process id has a call in progress in it */

struct lmr_ref {
	u_int		 kind;
	int		 id;
	u_int		 count;
	u_int		 reserved;
	char		 name[MAXLKMNAME];
};

struct lmc_refs {
	u_int		 version;
	int		 id;
	struct lmr_ref	*refs;
	u_int		 nrefs;
	u_int		 reserved;
	char		*path;
	u_long		 pathlen;
	u_long		 size;		/* in bytes */
};

#define LMREFS		_IOWR('K', 33, struct lmc_refs)

/* LMWHOHAS, of /dev/ksyms: the module that has a global symbol but was loaded without -s. */
struct lmc_whohas {
	char		*symbol;
	int		 id;
	char		 name[MAXLKMNAME];
};

#define LMWHOHAS	_IOWR('K', 34, struct lmc_whohas)

/*
 * LMSTATS: LMSTAT of the modules from `id' on, in the order of their ids. `nstats' is the room behind `stats', and then
 * how many were stored; `id' is then where to continue.
 */
struct lmc_stats {
	int		 id;
	u_int		 nstats;
	struct lmc_stat	*stats;
};

#define LMSTATS		_IOWR('K', 35, struct lmc_stats)

#endif
