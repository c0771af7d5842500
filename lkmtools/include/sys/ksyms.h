/* <sys/ksyms.h>: the ioctls of /dev/ksyms. */

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
struct ksyms_ogsymbol {
	const char	*kg_name;
	union {
		void		*ku_sym;
		unsigned long	*ku_value;
	} _un;
};

/* NetBSD 6 and later: the answer is in the argument. */
struct ksyms_gvalue {
	const char	*kv_name;
	uint64_t	 kv_value;
};

struct ksyms_gsymbol {
	const char	*kg_name;
	Elf_Sym		 kg_sym;
};

#define OKIOCGSYMBOL	_IOW('l', 1, struct ksyms_ogsymbol)
#define OKIOCGVALUE	_IOW('l', 2, struct ksyms_ogsymbol)
#define KIOCGSIZE	_IOR('l', 3, int)
#define KIOCGVALUE	_IOWR('l', 4, struct ksyms_gvalue)
#define KIOCGSYMBOL	_IOWR('l', 5, struct ksyms_gsymbol)

/* FreeBSD's, of the same letter. */
#define FREEBSD_KIOCGSIZE	_IOR('l', 1, size_t)
#define FREEBSD_KIOCGADDR	_IOR('l', 2, void *)

#endif
