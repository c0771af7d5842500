/* Names and files, in a directory of a mounted file system that can be written: argv[1]. */
static struct stat st;
static char b[4096];

static void attributes(int fd)
{
	CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0640 && st.st_size == 11);
	CHECK(chmod("d/f", 0604) == 0 && stat("d/f", &st) == 0 && (st.st_mode & 07777) == 0604);
	CHECK(access("d/f", R_OK | W_OK) == 0);
	FAILS(access("d/f", X_OK), EACCES);
	FAILS(stat("d/none", &st), ENOENT);
	FAILS(stat("d/f/x", &st), ENOTDIR);
}

static void names(void)
{
	CHECK(link("d/f", "d/g") == 0 && stat("d/g", &st) == 0 && st.st_nlink == 2);
	CHECK(symlink("g", "d/l") == 0 && readlink("d/l", b, sizeof b) == 1 && b[0] == 'g');
	CHECK(lstat("d/l", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat("d/l", &st) == 0 && S_ISREG(st.st_mode));
	FAILS(readlink("d/f", b, sizeof b), EINVAL);
	FAILS(open("d/l", O_RDONLY | O_NOFOLLOW), EFTYPE);
	CHECK(rename("d/g", "d/h") == 0 && access("d/g", F_OK) == -1 && access("d/h", F_OK) == 0);
	FAILS(open("d/l", O_RDONLY), ENOENT);
	FAILS(unlink("d"), EPERM);
	FAILS(rmdir("d"), ENOTEMPTY);
	CHECK(unlink("d/h") == 0 && unlink("d/l") == 0);
	FAILS(unlink("d/h"), ENOENT);
}

static void directories(void)
{
	int fd = open("d", O_RDONLY), count = 0;
	long n = getdents(fd, b, sizeof b), at;

	for (at = 0; at < n; at += ((struct dirent *)(b + at))->d_reclen)
		count += ((struct dirent *)(b + at))->d_name[0] != '\0';
	CHECK(count == 3);		/* . .. f */
	CHECK(getdents(fd, b, sizeof b) == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	FAILS(getdents(fd, b, 4), EINVAL);
	close(fd);
	FAILS(open("d", O_WRONLY), EISDIR);
	CHECK(chdir("d") == 0 && getcwd(b, sizeof b) == b && strcmp(b + strlen(b) - 2, "/d") == 0);
	FAILS(chdir("f"), ENOTDIR);
	CHECK(chdir("..") == 0);
}

static void devices(void)
{
	int fd;

	CHECK(mknod("/dev/nothing", S_IFCHR | 0666, 2 << 8 | 2) == 0);
	CHECK((fd = open("/dev/nothing", O_RDWR)) >= 0 && write(fd, "x", 1) == 1 && read(fd, b, 1) == 0);
	CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == (2 << 8 | 2));
	FAILS(ioctl(fd, 0x1234, b), ENODEV);
	CHECK(close(fd) == 0 && unlink("/dev/nothing") == 0);
	FAILS(mount("none", "/tmp", 0, NULL, 0), ENODEV);
	FAILS(unmount("/tmp", 0), EINVAL);
	sync();
}

int main(int argc, char **argv)
{
	int fd, fd2;

	CHECK(chdir(argv[1]) == 0 && mkdir("d", 0755) == 0);
	FAILS(mkdir("d", 0755), EEXIST);
	CHECK((fd = open("d/f", O_RDWR | O_CREAT | O_EXCL, 0640)) >= 0);
	FAILS(open("d/f", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	CHECK(write(fd, "hello world", 11) == 11 && lseek(fd, 0, SEEK_CUR) == 11 && lseek(fd, -5, SEEK_END) == 6);
	CHECK(read(fd, b, 99) == 5 && memcmp(b, "world", 5) == 0 && read(fd, b, 99) == 0);
	CHECK(pwrite(fd, "XY", 2, 1) == 2 && pread(fd, b, 4, 0) == 4 && memcmp(b, "hXYl", 4) == 0);
	CHECK(lseek(fd, 0, SEEK_CUR) == 11 && lseek(fd, (off_t)1 << 40, SEEK_SET) == (off_t)1 << 40);
	CHECK(read(fd, b, 1) == 0);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, 0, 9), EINVAL);
	attributes(fd);
	names();
	directories();
	devices();
	CHECK((fd2 = open("d/f", O_WRONLY | O_APPEND | O_TRUNC)) >= 0 && write(fd2, "ab", 2) == 2);
	CHECK(lseek(fd2, 0, SEEK_SET) == 0 && write(fd2, "cd", 2) == 2 && pread(fd, b, 9, 0) == 4);
	CHECK(memcmp(b, "abcd", 4) == 0);
	FAILS(read(fd2, b, 1), EBADF);
	CHECK(unlink("d/f") == 0 && rmdir("d") == 0 && pread(fd, b, 9, 2) == 2);
	return 0;
}
