/*
 * exec_linux_elf: an EXEC module that recognises Linux's ELF programs, for the emulation "linux", which must be there.
 *
 * They are static ones of the machine's own kind. That they are Linux's says their header (EI_OSABI), or a note of GNU,
 * or how they begin: programs linked with musl have neither.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/exec_elf.h>
#include <sys/kauth.h>
#include <sys/lkm.h>

#include "linux.h"

#ifdef __LP64__
#define exec_elf_makecmds	exec_elf64_makecmds
#define LINUX_PLATFORM		"x86_64"
#define PIE_BASE		0x555555554000UL
#else
#define exec_elf_makecmds	exec_elf32_makecmds
#define LINUX_PLATFORM		"i686"
#define PIE_BASE		0x56555000UL
#endif

#define MAXPHDRS	64
#define MAXNOTES	1024	/* bytes of one PT_NOTE segment */

int	exec_linux_elf_lkmentry(struct lkm_table *, int, int);

/* Does a segment of notes have GNU's about the system's interface, of which the first word is 0 for Linux? */
static bool
has_linux_note(const char *notes, size_t size)
{
	const Elf_Nhdr *note;
	const char *name;

	for (size_t at = 0; at + sizeof(*note) <= size;) {
		note = (const Elf_Nhdr *)(notes + at);
		name = (const char *)(note + 1);
		if (note->n_namesz > size || note->n_descsz > size)
			return false;
		at += sizeof(*note) + roundup(note->n_namesz, 4) + roundup(note->n_descsz, 4);
		if (at <= size && note->n_type == ELF_NOTE_TYPE_ABI_TAG && note->n_namesz == ELF_NOTE_ABI_NAMESZ &&
		    note->n_descsz >= sizeof(uint32_t) && memcmp(name, ELF_NOTE_ABI_NAME, ELF_NOTE_ABI_NAMESZ) == 0)
			return *(const uint32_t *)(name + ELF_NOTE_ABI_NAMESZ) == 0;
	}
	return false;
}

/*
 * musl's first instructions: clear the frame pointer, take the stack pointer as argument, align it, and look where
 * _DYNAMIC would be. A ? is any byte.
 */
#define ANY	0x100
static const uint16_t musl_start[] = {
#ifdef __LP64__
	0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d, 0x35, ANY, ANY, ANY, ANY, 0x48, 0x83, 0xe4, 0xf0, 0xe8,
#else
	0x31, 0xed, 0x89, 0xe0, 0x83, 0xe4, 0xf0, 0x50, 0x50, 0xe8, 0, 0, 0, 0, 0x81, 0x04, 0x24,
#endif
};

static bool
begins_like_musl(const unsigned char *code)
{
	for (size_t i = 0; i < __arraycount(musl_start); i++)
		if (musl_start[i] != ANY && musl_start[i] != code[i])
			return false;
	return true;
}

/* Read a part of the program's file; false when it is not there. */
static bool
read_part(struct lwp *l, struct exec_package *epp, u_long offset, void *buf, size_t size)
{
	return exec_read_from(l, epp->ep_vp, offset, buf, size) == 0;
}

/* Look into the segments for what says that this is Linux's. */
static bool
is_linux(struct lwp *l, struct exec_package *epp, const Elf_Ehdr *eh)
{
	char notes[MAXNOTES];
	unsigned char code[__arraycount(musl_start)];
	Elf_Phdr ph;

	if (eh->e_ident[EI_OSABI] == ELFOSABI_LINUX)
		return true;
	if (eh->e_ident[EI_OSABI] != ELFOSABI_SYSV || eh->e_phnum > MAXPHDRS || eh->e_phentsize != sizeof(ph))
		return false;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (!read_part(l, epp, eh->e_phoff + i * sizeof(ph), &ph, sizeof(ph)))
			return false;
		if (ph.p_type == PT_NOTE && ph.p_filesz <= sizeof(notes) &&
		    read_part(l, epp, ph.p_offset, notes, ph.p_filesz) && has_linux_note(notes, ph.p_filesz))
			return true;
		if (ph.p_type == PT_LOAD && eh->e_entry >= ph.p_vaddr && eh->e_entry - ph.p_vaddr < ph.p_filesz &&
		    read_part(l, epp, ph.p_offset + (eh->e_entry - ph.p_vaddr), code, sizeof(code)) &&
		    begins_like_musl(code))
			return true;
	}
	return false;
}

/* Asked by exec_elf_makecmds() before it loads anything. */
static int
linux_probe(struct lwp *l, struct exec_package *epp, void *header, char *interpreter, vaddr_t *pos)
{
	const Elf_Ehdr *eh = header;

	if (!is_linux(l, epp, eh))
		return ENOEXEC;
	if (eh->e_type == ET_DYN)
		*pos = PIE_BASE;
	return 0;
}

/* What follows the environment's pointers: the auxiliary vector, and what it points to. */
struct linux_aux {
	struct {
		Elf_Addr	type;
		Elf_Addr	value;
	}	rows[16];
	uint8_t	random[16];
	char	platform[8];
};

static int
linux_copyargs(struct lwp *l, struct exec_package *epp, struct ps_strings *arginfo, char **stackp, void *argp)
{
	const struct elf_args *args = epp->ep_emul_arg;
	struct linux_aux aux;
	char *at;
	int error, n = 0;

	if ((error = copyargs(l, epp, arginfo, stackp, argp)) != 0)
		return error;
	at = *stackp;
	memset(&aux, 0, sizeof(aux));
#define ROW(t, v)	(aux.rows[n].type = (t), aux.rows[n++].value = (Elf_Addr)(v))
	if (args->arg_phaddr != 0)
		ROW(LINUX_AT_PHDR, args->arg_phaddr);
	ROW(LINUX_AT_PHENT, args->arg_phentsize);
	ROW(LINUX_AT_PHNUM, args->arg_phnum);
	ROW(LINUX_AT_PAGESZ, PAGE_SIZE);
	ROW(LINUX_AT_BASE, args->arg_interp);
	ROW(LINUX_AT_FLAGS, 0);
	ROW(LINUX_AT_ENTRY, args->arg_entry);
	ROW(LINUX_AT_UID, kauth_cred_getuid(l->l_cred));
	ROW(LINUX_AT_EUID, kauth_cred_geteuid(l->l_cred));
	ROW(LINUX_AT_GID, kauth_cred_getgid(l->l_cred));
	ROW(LINUX_AT_EGID, kauth_cred_getegid(l->l_cred));
	ROW(LINUX_AT_SECURE, 0);
	ROW(LINUX_AT_CLKTCK, 100);
	ROW(LINUX_AT_RANDOM, (u_long)at + offsetof(struct linux_aux, random));
	ROW(LINUX_AT_PLATFORM, (u_long)at + offsetof(struct linux_aux, platform));
	ROW(LINUX_AT_NULL, 0);
#undef ROW
	arc4randbytes(aux.random, sizeof(aux.random));
	strlcpy(aux.platform, LINUX_PLATFORM, sizeof(aux.platform));
	if ((error = copyout(&aux, at, sizeof(aux))) != 0)
		return error;
	*stackp = at + sizeof(aux);
	return 0;
}

/* First, so that the native row need not tell them from its own. */
static struct execsw exec_linux = {
	.es_hdrsz = sizeof(Elf_Ehdr),
	.es_makecmds = exec_elf_makecmds,
	.u = { .elf_probe_func = linux_probe },
	.es_prio = EXECSW_PRIO_FIRST,
	.es_arglen = howmany(sizeof(struct linux_aux), sizeof(char *)),
	.es_copyargs = linux_copyargs,
};

MOD_EXEC("exec_linux_elf", -1, &exec_linux, "linux");

int
exec_linux_elf_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
