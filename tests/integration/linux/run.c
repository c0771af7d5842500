/* Run the program that the arguments name. */

#include <unistd.h>

int
main(int argc, char **argv)
{
	execve(argv[1], argv + 1, NULL);
	return 99;
}
