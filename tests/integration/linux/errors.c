/* Calls that fail, and the numbers of their errors. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRY(call)	(errno = 0, (void)(call), printf("%s: %d\n", #call, errno))
#define WILD		((void *)8)

#ifdef SYS_fstat64
#define SYS_FSTAT	SYS_fstat64
#else
#define SYS_FSTAT	SYS_fstat
#endif

static char b[5000];

int
main(int argc, char **argv)
{
	struct sigaction none = { 0 };
	struct stat st;
	int fd[2];

	memset(b, 'x', sizeof(b) - 1);
	TRY(open("/nothing/here", O_RDONLY));
	TRY(open("/dev/null/x", O_RDONLY));
	TRY(open(b, O_RDONLY));
	TRY(open(WILD, O_RDONLY));
	TRY(mkdir("/dev", 0777));
	TRY(rmdir("/dev/null"));
	TRY(chdir("/dev/null"));
	TRY(stat("", &st));
	TRY(syscall(SYS_FSTAT, 0, WILD));
	TRY(readlink("/dev", b, 9));
	TRY(getcwd(b, 1));
	TRY(read(-1, b, 1));
	TRY(write(1, WILD, 5));
	TRY(dup2(0, -1));
	TRY(dup3(0, 0, 0));
	TRY(fcntl(0, 9999));
	TRY(pipe2(fd, 1));
	pipe2(fd, O_NONBLOCK);
	TRY(read(fd[0], b, 1));
	TRY(lseek(fd[0], 0, SEEK_SET));
	TRY(ioctl(fd[0], TCGETS, b));
	TRY(execve("/nothing/here", argv, NULL));
	TRY(wait(NULL));
	TRY(kill(1 << 22, 0));
	TRY(kill(getpid(), 65));
	TRY(sigaction(SIGKILL, &none, NULL));
	TRY(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 0, 0));
	TRY(munmap((void *)1, 1));
	TRY(clock_gettime(77, (struct timespec *)b));
	TRY(syscall(SYS_socket, 77, 77, 77));
	return 0;
}
