/* As before ANSI C: gets, scanf, index, bcopy, and an exit nobody declared. */
#include <sys/types.h>
#include <sys/time.h>
#include <stdio.h>
#include <strings.h>

#define MAX 4
int	table[MAX];
extern int errno;
char	*rindex();

main()
{
	char name[80], copy[80];
	int i, n = 0;

	printf("name? ");
	if (gets(name) == NULL)
		exit(1);
	bcopy(name, copy, sizeof(name));
	if (rindex(copy, '/'))
		strcpy(copy, rindex(copy, '/') + 1);
	printf("numbers? ");
	while (n < MAX && scanf("%d", &table[n]) == 1)
		n++;
	for (i = 0; i < n; i++)
		fprintf(stdout, "%s%d", i ? "," : "", table[i]);
	fprintf(stdout, " %s %d\n", copy, getchar() == EOF);
	exit(n);
}
