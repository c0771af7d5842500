/* <sys/exec_elf.h>: ELF files, as far as executing them needs, and the auxiliary vector. */

#ifndef _SYS_EXEC_ELF_H_
#define _SYS_EXEC_ELF_H_

#include <sys/types.h>

#define ELF_NIDENT	16
#define EI_CLASS	4
#define EI_DATA		5
#define EI_VERSION	6
#define EI_OSABI	7
#define ELFMAG		"\177ELF"
#define SELFMAG		4
#define ELFCLASS32	1
#define ELFCLASS64	2
#define ELFDATA2LSB	1
#define ELFOSABI_SYSV	0
#define ELFOSABI_NETBSD	2
#define ELFOSABI_LINUX	3
#define ET_EXEC		2
#define ET_DYN		3
#define EM_386		3
#define EM_X86_64	62
#define PT_NULL		0
#define PT_LOAD		1
#define PT_DYNAMIC	2
#define PT_INTERP	3
#define PT_NOTE		4
#define PT_PHDR		6
#define PT_TLS		7
#define PF_X		1
#define PF_W		2
#define PF_R		4

typedef struct {
	unsigned char	e_ident[ELF_NIDENT];
	uint16_t	e_type, e_machine;
	uint32_t	e_version;
	uint32_t	e_entry, e_phoff, e_shoff;
	uint32_t	e_flags;
	uint16_t	e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf32_Ehdr;

typedef struct {
	unsigned char	e_ident[ELF_NIDENT];
	uint16_t	e_type, e_machine;
	uint32_t	e_version;
	uint64_t	e_entry, e_phoff, e_shoff;
	uint32_t	e_flags;
	uint16_t	e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

typedef struct {
	uint32_t	p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags, p_align;
} Elf32_Phdr;

typedef struct {
	uint32_t	p_type, p_flags;
	uint64_t	p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;

typedef struct {
	uint32_t	n_namesz, n_descsz, n_type;
} Elf32_Nhdr, Elf64_Nhdr;

#define ELF_NOTE_TYPE_NETBSD_TAG	1
#define ELF_NOTE_NETBSD_NAMESZ		7
#define ELF_NOTE_NETBSD_DESCSZ		4
#define ELF_NOTE_NETBSD_NAME		"NetBSD\0\0"
#define ELF_NOTE_TYPE_ABI_TAG		1
#define ELF_NOTE_ABI_NAMESZ		4
#define ELF_NOTE_ABI_NAME		"GNU\0"

typedef struct {
	uint32_t	a_type, a_v;
} Aux32Info;

typedef struct {
	uint32_t	a_type, __pad;
	uint64_t	a_v;
} Aux64Info;

#define AT_NULL		0
#define AT_IGNORE	1
#define AT_EXECFD	2
#define AT_PHDR		3
#define AT_PHENT	4
#define AT_PHNUM	5
#define AT_PAGESZ	6
#define AT_BASE		7
#define AT_FLAGS	8
#define AT_ENTRY	9
#define ELF_AUX_ENTRIES	8	/* at most this many, AT_NULL included */

#ifdef __LP64__
#define ELFSIZE		64
#define ELFCLASS	ELFCLASS64
#define ELF_MACHINE	EM_X86_64
typedef Elf64_Ehdr	Elf_Ehdr;
typedef Elf64_Phdr	Elf_Phdr;
typedef Elf64_Nhdr	Elf_Nhdr;
typedef Aux64Info	AuxInfo;
typedef uint64_t	Elf_Addr;
#else
#define ELFSIZE		32
#define ELFCLASS	ELFCLASS32
#define ELF_MACHINE	EM_386
typedef Elf32_Ehdr	Elf_Ehdr;
typedef Elf32_Phdr	Elf_Phdr;
typedef Elf32_Nhdr	Elf_Nhdr;
typedef Aux32Info	AuxInfo;
typedef uint32_t	Elf_Addr;
#endif

#ifdef _KERNEL
struct lwp;
struct exec_package;
struct ps_strings;

/* What the makecmds functions leave in ep_emul_arg for the copyargs functions. arg_phaddr 0: not in memory. */
struct elf_args {
	Elf_Addr	arg_entry;
	Elf_Addr	arg_interp;
	Elf_Addr	arg_phaddr;
	Elf_Addr	arg_phentsize;
	Elf_Addr	arg_phnum;
};

/*
 * Of the machine's own class these do the work, the other refuses with ENOEXEC. The row's elf_probe_func is asked
 * before anything is loaded: (l, epp, the Elf_Ehdr, NULL, &pos); where it sets pos, an ET_DYN program is put there.
 */
int	exec_elf32_makecmds(struct lwp *l, struct exec_package *epp);
int	exec_elf64_makecmds(struct lwp *l, struct exec_package *epp);
int	elf32_copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp);
int	elf64_copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp);
int	netbsd_elf32_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos);
int	netbsd_elf64_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos);
#endif

#endif
