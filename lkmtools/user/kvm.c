/* kvm(3), of the running kernel only: files that are given are taken for those of the running one. */

#include "library.h"

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/ksyms.h>
#include <errno.h>
#include <fcntl.h>
#include <kvm.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(kvm_open) WEAK(kvm_openfiles) WEAK(kvm_close) WEAK(kvm_nlist) WEAK(kvm_read) WEAK(kvm_write) WEAK(kvm_geterr)

struct __kvm { int kmem, ksyms; char why[_POSIX2_LINE_MAX]; };

kvm_t *
kvm_openfiles(const char *execfile, const char *corefile, const char *swapfile, int flags, char *errbuf)
{
	kvm_t *kd = calloc(1, sizeof(*kd));
	const char *path = _PATH_KSYMS;

	(void)execfile, (void)corefile, (void)swapfile;
	if (kd == NULL)
		return NULL;
	kd->kmem = -1;
	kd->ksyms = open(path, O_RDONLY);
	if (kd->ksyms >= 0 && flags != KVM_NO_FILES)
		kd->kmem = open(path = _PATH_KMEM, flags);
	if (kd->ksyms >= 0 && (kd->kmem >= 0 || flags == KVM_NO_FILES))
		return kd;
	snprintf(errbuf, _POSIX2_LINE_MAX, "%s: %s", path, strerror(errno));
	kvm_close(kd);
	return NULL;
}

kvm_t *
kvm_open(const char *execfile, const char *corefile, const char *swapfile, int flags, const char *prefix)
{
	char why[_POSIX2_LINE_MAX];
	kvm_t *kd = kvm_openfiles(execfile, corefile, swapfile, flags, why);

	if (kd == NULL && prefix != NULL)
		fprintf(stderr, "%s: %s\n", prefix, why);
	return kd;
}

int
kvm_close(kvm_t *kd)
{
	if (kd->kmem >= 0)
		close(kd->kmem);
	if (kd->ksyms >= 0)
		close(kd->ksyms);
	free(kd);
	return 0;
}

char *kvm_geterr(kvm_t *kd) { return kd->why; }

/* -1 with the reason. */
static int
fail(kvm_t *kd, const char *what)
{
	snprintf(kd->why, sizeof(kd->why), "%s: %s", what, strerror(errno));
	return -1;
}

/* How many of the names no symbol has; one with an underscore in front may be that of the C name behind it. */
int
kvm_nlist(kvm_t *kd, struct nlist *nl)
{
	int missing = 0;

	for (; nl->n_name != NULL && *nl->n_name != '\0'; nl++) {
		struct ksyms_gsymbol ask = { .kg_name = nl->n_name, .kg_value = &nl->n_value };
		int found = ioctl(kd->ksyms, KIOCGVALUE, &ask) == 0;

		if (!found && *nl->n_name == '_') {
			ask.kg_name++;
			found = ioctl(kd->ksyms, KIOCGVALUE, &ask) == 0;
		}
		if (!found && errno != ENOENT)
			return fail(kd, nl->n_name);
		nl->n_type = found ? N_DATA | N_EXT : N_UNDF;
		if (!found)
			nl->n_value = 0;
		missing += !found;
	}
	return missing;
}

ssize_t
kvm_read(kvm_t *kd, unsigned long addr, void *buf, size_t n)
{
	ssize_t done = pread(kd->kmem, buf, n, (off_t)addr);

	return done < 0 ? fail(kd, "kvm_read") : done;
}

ssize_t
kvm_write(kvm_t *kd, unsigned long addr, const void *buf, size_t n)
{
	ssize_t done = pwrite(kd->kmem, buf, n, (off_t)addr);

	return done < 0 ? fail(kd, "kvm_write") : done;
}
