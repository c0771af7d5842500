/* K&R: writes its words to a device and reads them back. */
#include <sys/param.h>
#include <sys/file.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char buf[BUFSIZ];

main(argc, argv)
	int argc;
	char **argv;
{
	int fd, i, n;

	if (argc < 3) {
		fprintf(stderr, "usage: echoing device word ...\n");
		exit(1);
	}
	if ((fd = open(argv[1], O_RDWR, 0)) < 0) {
		perror(argv[1]);
		exit(2);
	}
	for (i = 2; i < argc; i++) {
		if (write(fd, argv[i], strlen(argv[i])) < 0)
			perror("write");
		(void)lseek(fd, (off_t)0, L_SET);
		bzero(buf, sizeof buf);
		if ((n = read(fd, buf, sizeof buf)) < 0)
			perror("read");
		else
			printf("read %d: %s\n", n, buf);
	}
	(void)close(fd);
	return (0);
}
