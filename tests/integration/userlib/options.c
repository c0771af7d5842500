/* getopt(3) with the letters argv[1] on the words after it. */
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int c;

	opterr = 0;
	argv++, argc--;
	while ((c = getopt(argc, argv, argv[0])) != -1)
		printf("%c %d %c %s\n", c, optind, c == '?' || c == ':' ? optopt : '-', optarg != NULL ? optarg : "none");
	printf("%d of %d\n", optind, argc);
	return 0;
}
