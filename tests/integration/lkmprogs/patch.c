/* Shows and changes an int of the kernel: patch name [value] */
#include <sys/types.h>
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <limits.h>
#include <nlist.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct nlist nl[] = {
	{ "" },
	{ "_hz" },
	{ "no_such_name" },
	{ NULL },
};

int
main(int argc, char *argv[])
{
	char errbuf[_POSIX2_LINE_MAX];
	kvm_t *kd;
	int old, new;

	if (argc < 2)
		errx(1, "usage: patch name [value]");
	nl[0].n_name = argv[1];
	if ((kd = kvm_openfiles(NULL, NULL, NULL, argc > 2 ? O_RDWR : O_RDONLY, errbuf)) == NULL)
		errx(1, "kvm_openfiles: %s", errbuf);
	printf("%d missing\n", kvm_nlist(kd, nl));
	if (nl[0].n_type == 0)
		errx(1, "%s: no such symbol", argv[1]);
	if (kvm_read(kd, nl[0].n_value, &old, sizeof(old)) != sizeof(old))
		errx(1, "%s", kvm_geterr(kd));
	printf("%d\n", old);
	if (argc > 2) {
		new = atoi(argv[2]);
		if (kvm_write(kd, nl[0].n_value, &new, sizeof(new)) != sizeof(new))
			errx(1, "%s", kvm_geterr(kd));
	}
	if (kvm_read(kd, nl[1].n_value, &new, sizeof(new)) == sizeof(new))
		printf("hz %d\n", new);
	if (kvm_read(kd, 4, &new, sizeof(new)) == -1)
		printf("%s\n", kvm_geterr(kd));
	return kvm_close(kd);
}
