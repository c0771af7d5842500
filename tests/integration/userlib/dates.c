#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
	static const time_t moments[] = { 0, 1, 86399, 951782400, 951868800, 1000000000, 1078012800, 1230767999, 1291161599,
	    2147483647, -1, -86401, 1704067199, 1735689600 };
	char buf[400];
	struct tm tm, back;
	size_t i;

	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		gmtime_r(&moments[i], &tm);
		printf("%s", asctime(&tm));
		strftime(buf, sizeof(buf), "%a %A %b %B %C %d %e %H %I %j %k %l %m %M %p %S %u %U %w %W %y %Y %% %D %F %R %T %r %c|%n%t%z",
		    &tm);
		printf("%s\n", buf);
		back = tm;
		printf("%d %d\n", timegm(&back) == moments[i], memcmp(&back, &tm, 9 * sizeof(int)));
	}
	for (time_t day = 0; day < 60 * 366 * 86400LL && day < 2140000000; day += 86400 * (i++ % 53 == 0 ? 290 : 1)) {
		gmtime_r(&day, &tm);
		if (tm.tm_yday > 3 && tm.tm_yday < 361)
			continue;
		strftime(buf, sizeof(buf), "%F %V %G %g %EY %Od", &tm);
		puts(buf);
	}
	memset(&tm, 0, sizeof(tm));
	tm.tm_wday = 9, tm.tm_mon = -1, tm.tm_mday = 3;
	printf("%s", asctime(&tm));
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = 108, tm.tm_mon = 14, tm.tm_mday = -3, tm.tm_hour = 50, tm.tm_sec = 3700;
	printf("%ld\n", (long)timegm(&tm));
	printf("%d\n", (int)strftime(buf, 4, "%Y", &tm));
	printf("%.0f\n", difftime(moments[9], moments[10]));
	return 0;
}
