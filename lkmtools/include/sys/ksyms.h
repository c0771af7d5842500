/* <sys/ksyms.h>: the ioctls of /dev/ksyms; see ksyms(4). */

#ifndef _SYS_KSYMS_H_
#define _SYS_KSYMS_H_

#include <sys/ioccom.h>
#include <sys/types.h>

#ifdef __LP64__
typedef struct {
	uint32_t	st_name;
	uint8_t		st_info;
	uint8_t		st_other;
	uint16_t	st_shndx;
	uint64_t	st_value;
	uint64_t	st_size;
} Elf_Sym;
#else
typedef struct {
	uint32_t	st_name;
	uint32_t	st_value;
	uint32_t	st_size;
	uint8_t		st_info;
	uint8_t		st_other;
	uint16_t	st_shndx;
} Elf_Sym;
#endif

/* NetBSD 2.0 to 5.x: the answer goes where the argument points. */
struct ksyms_gsymbol {
	const char	*kg_name;
	union {
		void		*ku_sym;
		unsigned long	*ku_value;
	} _un;
#define kg_sym		_un.ku_sym
#define kg_value	_un.ku_value
};

/* NetBSD 6 and later, where their names end before _60: the answer is in the argument. */
struct ksyms_gvalue {
	const char	*kv_name;
	uint64_t	 kv_value;
};

struct ksyms_gsymbol_60 {
	const char	*kg_name;
	Elf_Sym		 kg_esym;
};

#define KIOCGSYMBOL	_IOW('l', 1, struct ksyms_gsymbol)
#define KIOCGVALUE	_IOW('l', 2, struct ksyms_gsymbol)
#define KIOCGSIZE	_IOR('l', 3, int)
#define KIOCGVALUE_60	_IOWR('l', 4, struct ksyms_gvalue)
#define KIOCGSYMBOL_60	_IOWR('l', 5, struct ksyms_gsymbol_60)

/* FreeBSD's, of the same letter. */
#define FREEBSD_KIOCGSIZE	_IOR('l', 1, size_t)
#define FREEBSD_KIOCGADDR	_IOR('l', 2, void *)

#ifdef _KERNEL
/* A symbol by name, or by an address: the nearest below, or with KSYMS_EXACT that very one. ENOENT. mod may be NULL. */
#define KSYMS_EXTERN	0000
#define KSYMS_CLOSEST	0001
#define KSYMS_EXACT	0002
#define KSYMS_PROC	0100
#define KSYMS_ANY	0200

int	ksyms_getval(const char *mod, const char *sym, unsigned long *val, int type);
int	ksyms_getname(const char **mod, const char **sym, vaddr_t addr, int type);
#endif

/* Ours: many names at once, one NUL-terminated string after the other; a row answers each. */
#define KSYMS_GLOBAL	1	/* a global symbol of this value */
#define KSYMS_KEPT	2	/* this module has it, and was loaded without -s */

struct ksyms_found {
	uint64_t	kf_value;
	u_int		kf_flags;
	int		kf_id;
	char		kf_module[32];	/* MAXLKMNAME of <sys/lkm.h> */
};

struct ksyms_gvalues {
	const char		*kvs_names;
	size_t			 kvs_size;	/* of all names, in bytes */
	struct ksyms_found	*kvs_found;
	u_int			 kvs_count;
	u_int			 kvs_answered;	/* out: kvs_count */
};

#define KIOCGVALUES	_IOWR('l', 32, struct ksyms_gvalues)

#endif
