/* linux_memory.c: the break, and mappings. */

#include "linux_emul.h"

#include <sys/malloc.h>
#include <sys/mman.h>

#define PIECE	(16 * 1024)	/* bytes that one copy through the kernel moves */

/* brk(end): answers where the break is then, which is where it was when it could not be moved. */
LINUX_CALL(brk)
{
	struct linux_emuldata *data = LINUX_DATA(l->l_proc);
	vaddr_t end = ARG(0, vaddr_t);

	if (end != 0 && NATIVE(sys_obreak, l, retval, end) == 0)
		data->brk = end;
	*retval = data->brk;
	return 0;
}

/* Read a file into memory at addr, up to its end: that stands for a private mapping of it. */
static int
fill_from_file(struct lwp *l, vaddr_t addr, size_t length, int fd, off_t offset)
{
	register_t rval[2];
	int error = 0;

	for (size_t done = 0; done < length && error == 0; done += rval[0]) {
		error = NATIVE(sys_pread, l, rval, fd, W(addr + done), length - done, 0, QUAD(offset + done));
		if (error == 0 && rval[0] == 0)
			break;
	}
	return error;
}

static int
map_anonymous(struct lwp *l, vaddr_t addr, size_t length, int prot, int flags, register_t *retval)
{
	return NATIVE(sys_mmap, l, retval, addr, length, prot, flags | MAP_ANON, -1, 0, QUAD(0));
}

/* A file that cannot be mapped here can be read: into private memory, which is then protected as asked. */
static int
map_file(struct lwp *l, vaddr_t addr, size_t length, int prot, int flags, int fd, off_t offset, register_t *retval)
{
	register_t rval[2];
	int error = NATIVE(sys_mmap, l, retval, addr, length, prot, flags, fd, 0, QUAD(offset));

	if (error != ENODEV || (flags & MAP_SHARED) != 0)
		return error;
	if ((error = map_anonymous(l, addr, length, PROT_READ | PROT_WRITE, flags, retval)) != 0)
		return error;
	error = fill_from_file(l, *retval, length, fd, offset);
	if (error == 0)
		error = NATIVE(sys_mprotect, l, rval, *retval, length, prot);
	if (error != 0)
		(void)NATIVE(sys_munmap, l, rval, *retval, length);
	return error;
}

/* mmap of both machines, the offset in bytes. */
int
linux_mmap(struct lwp *l, vaddr_t addr, size_t length, int prot, int foreign, int fd, off_t offset, register_t *retval)
{
	int flags = foreign & (MAP_SHARED | MAP_PRIVATE | MAP_FIXED), error;
	register_t rval[2];

	if (length == 0 || offset < 0 || (offset & PAGE_MASK) != 0)
		return EINVAL;
	if ((foreign & LINUX_MAP_ANONYMOUS) != 0)
		error = map_anonymous(l, addr, length, prot, flags, retval);
	else
		error = map_file(l, addr, length, prot, flags, fd, offset, retval);
	if (error == 0 && (foreign & LINUX_MAP_FIXED_NOREPLACE) != 0 && (vaddr_t)*retval != addr) {
		(void)NATIVE(sys_munmap, l, rval, *retval, length);
		error = EEXIST;
	}
	return error;
}

/* Move bytes within the program's memory. */
static int
move_memory(vaddr_t from, vaddr_t to, size_t length)
{
	char *piece = malloc(PIECE, M_TEMP, M_WAITOK);
	int error = 0;

	for (size_t done = 0; done < length && error == 0; done += PIECE) {
		size_t size = MIN(length - done, PIECE);

		if ((error = copyin((void *)(from + done), piece, size)) == 0)
			error = copyout(piece, (void *)(to + done), size);
	}
	free(piece, M_TEMP);
	return error;
}

/* mremap(address, length, new length, flags): shrinks in place, grows by moving, if it may. */
LINUX_CALL(mremap)
{
	vaddr_t old = ARG(0, vaddr_t);
	size_t length = round_page(ARG(1, size_t)), want = round_page(ARG(2, size_t));
	register_t rval[2];
	int error;

	if ((old & PAGE_MASK) != 0 || want == 0 || length == 0 || (ARG(3, int) & ~LINUX_MREMAP_MAYMOVE) != 0)
		return EINVAL;
	if (want <= length) {
		*retval = old;
		return want == length ? 0 : NATIVE(sys_munmap, l, rval, old + want, length - want);
	}
	if ((ARG(3, int) & LINUX_MREMAP_MAYMOVE) == 0)
		return ENOMEM;
	error = map_anonymous(l, 0, want, PROT_READ | PROT_WRITE, MAP_PRIVATE, retval);
	if (error != 0)
		return error;
	if ((error = move_memory(old, *retval, length)) != 0)
		(void)NATIVE(sys_munmap, l, rval, *retval, want);
	else
		(void)NATIVE(sys_munmap, l, rval, old, length);
	return error;
}
