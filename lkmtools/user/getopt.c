/* getopt(3): options of one letter, which end before the first operand. */

#include "library.h"

#include <string.h>
#include <unistd.h>

WEAK(getopt) WEAK(optarg) WEAK(opterr) WEAK(optind) WEAK(optopt) WEAK(optreset)

char	*optarg;
int	opterr = 1, optind = 1, optopt, optreset;

static const char *rest = "";	/* of a word with several letters */

/* What getopt() returns for a letter that is wrong, after a message if the caller wants one. */
static int
wrong(const char *letters, const char *why, int answer)
{
	if (opterr && *letters != ':')
		fprintf(stderr, "%s: %s -- %c\n", __progname, why, optopt);
	return answer;
}

int
getopt(int argc, char *const argv[], const char *letters)
{
	const char *found;

	if (optreset || *rest == '\0') {
		optreset = 0;
		rest = "";
		if (optind >= argc || argv[optind] == NULL || argv[optind][0] != '-' || argv[optind][1] == '\0')
			return -1;
		if (strcmp(argv[optind], "--") == 0) {
			optind++;
			return -1;
		}
		rest = argv[optind] + 1;
	}
	optopt = *rest++;
	if (*rest == '\0')
		optind++;
	if (optopt == ':' || (found = strchr(letters, optopt)) == NULL)
		return wrong(letters, "unknown option", '?');
	optarg = NULL;
	if (found[1] != ':')
		return optopt;
	if (*rest != '\0') {
		optarg = (char *)rest;
		optind++;
	} else if (optind < argc)
		optarg = argv[optind++];
	rest = "";
	if (optarg == NULL)
		return wrong(letters, "option requires an argument", *letters == ':' ? ':' : '?');
	return optopt;
}
