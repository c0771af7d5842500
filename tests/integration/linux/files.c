/* Files made, written, listed, renamed and removed, as seen from a directory: the argument. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int d = open(argv[1], O_RDONLY | O_DIRECTORY), f, n = 0;
	struct dirent *e;
	struct stat st;
	struct iovec v[2];
	char b[4096], *m;
	DIR *dir;

	f = openat(d, "file", O_RDWR | O_CREAT | O_EXCL, 0640);
	printf("%d ", (int)write(f, "0123456789", 10));
	printf("%d ", (int)lseek(f, 4, SEEK_SET));
	read(f, b, 2);
	printf("%.2s ", b);
	pread(f, b, 3, 7);
	printf("%.3s ", b);
	v[0] = (struct iovec){ b, 1 };
	v[1] = (struct iovec){ b + 1, 2 };
	printf("%d ", (int)writev(f, v, 2));
	fstat(f, &st);
	printf("%d %o %d\n", (int)st.st_size, st.st_mode & 07777, S_ISREG(st.st_mode));

	mkdirat(d, "sub", 0755);
	symlinkat("file", d, "link");
	renameat(d, "file", d, "other");
	printf("%d ", faccessat(d, "other", R_OK, 0));
	printf("%d ", fstatat(d, "link", &st, 0));
	fstatat(d, "link", &st, AT_SYMLINK_NOFOLLOW);
	printf("%d ", S_ISLNK(st.st_mode));
	printf("%d\n", (int)readlinkat(d, "link", b, sizeof(b)));

	chdir(argv[1]);
	dir = opendir(".");
	while ((e = readdir(dir)) != NULL)
		n += e->d_name[0] == 's' ? e->d_type == DT_DIR : 10;
	closedir(dir);
	m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, f, 0);
	printf("%d %.10s\n", n, m);
	munmap(m, 4096);

	printf("%d ", ftruncate(f, 3));
	fstat(f, &st);
	printf("%d ", (int)st.st_size);
	printf("%d %d ", fcntl(f, F_GETFL) & (O_ACCMODE | O_APPEND), fcntl(f, F_GETFD));
	printf("%d ", unlink("other"));
	printf("%d ", unlink("link"));
	printf("%d ", rmdir("sub"));
	printf("%d\n", open("other", O_RDONLY));
	return 0;
}
