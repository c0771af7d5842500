/* Limits, names and numbers of the system. */
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	int mib[2] = { CTL_KERN, KERN_OSRELEASE }, level;
	char text[64], host[MAXHOSTNAMELEN];
	struct utsname u;
	struct rlimit rl;
	struct timeval boot;
	size_t len;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "getrlimit");
	rl.rlim_cur = 20;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		err(1, "setrlimit");
	printf("%d %ld\n", getdtablesize(), sysconf(_SC_OPEN_MAX));
	rl.rlim_cur = rl.rlim_max + 1;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		warn("setrlimit");
	len = sizeof(text);
	if (sysctl(mib, 2, text, &len, NULL, 0) == -1)
		err(1, "sysctl");
	printf("%s %zu\n", text, len);
	len = sizeof(level);
	if (sysctlbyname("kern.securelevel", &level, &len, NULL, 0) == -1)
		err(1, "kern.securelevel");
	printf("%d %zu\n", level, len);
	len = sizeof(boot);
	if (sysctlbyname("kern.boottime", &boot, &len, NULL, 0) == -1)
		err(1, "kern.boottime");
	printf("%d\n", boot.tv_sec > 0 && len == sizeof(boot));
	if (sysctlbyname("kern.nothing", NULL, NULL, NULL, 0) == -1)
		warn("kern.nothing");
	if (uname(&u) == -1 || gethostname(host, sizeof(host)) == -1)
		err(1, "uname");
	printf("%s %s %s %d\n", u.sysname, u.release, u.machine, strcmp(u.nodename, host));
	printf("%d %ld %d\n", getpagesize(), sysconf(_SC_PAGESIZE), PAGE_SIZE);
	return 0;
}
