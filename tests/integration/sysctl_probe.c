/* Nodes of all types below debug.probe; test_sysctl.py loads it. */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/sysctl.h>

static struct sysctllog *log;
const struct sysctlnode *top, *leaf;
int number = 7, calls, error;
static char word[8] = "one";
static u_quad_t wide = 1ULL << 40;
static struct { int a, b; } pair = { 1, 2 };
static bool flag = true;

/* Doubles what it is set to; 99 is refused. */
static int
doubled(SYSCTLFN_ARGS)
{
	struct sysctlnode node = *rnode;
	int value = number, failed;

	calls++;
	node.sysctl_data = &value;
	failed = sysctl_lookup(SYSCTLFN_CALL(&node));
	if (failed != 0 || newp == NULL)
		return failed;
	if (value == 99)
		return EDOM;
	number = 2 * value;
	return 0;
}

SYSCTL_SETUP(sysctl_probe_setup, "nodes of the probe")
{
	sysctl_createv(clog, 0, NULL, NULL, CTLFLAG_PERMANENT, CTLTYPE_NODE, "debug", NULL, NULL, 0, NULL, 0,
	    CTL_DEBUG, CTL_EOL);
	error = sysctl_createv(clog, 0, NULL, &top, CTLFLAG_PERMANENT, CTLTYPE_NODE, "probe", "the probe", NULL, 0,
	    NULL, 0, CTL_DEBUG, CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(clog, 0, &top, &leaf, CTLFLAG_PERMANENT | CTLFLAG_READWRITE, CTLTYPE_INT, "number",
		    SYSCTL_DESCR("a number"), NULL, 0, &number, 0, CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READONLY, CTLTYPE_INT, "fixed", NULL, NULL, 0, &number, 0,
	    5, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE, CTLTYPE_STRING, "word", NULL, NULL, 0, word,
	    sizeof(word), CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE, CTLTYPE_QUAD, "wide", NULL, NULL, 0, &wide, 0,
	    CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, 0, CTLTYPE_STRUCT, "pair", NULL, NULL, 0, &pair, sizeof(pair),
	    CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE, CTLTYPE_BOOL, "flag", NULL, NULL, 0, &flag, 0,
	    CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE | CTLFLAG_IMMEDIATE, CTLTYPE_INT, "inside", NULL, NULL,
	    42, NULL, 0, CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE, CTLTYPE_INT, "doubled", NULL, doubled, 0, NULL, 0,
	    CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_READWRITE | CTLFLAG_OWNDATA | CTLFLAG_OWNDESC, CTLTYPE_STRING,
	    "copy", "copied", NULL, 0, word, sizeof(word), CTL_CREATE, CTL_EOL);
	sysctl_createv(clog, 0, &top, NULL, CTLFLAG_PRIVATE, CTLTYPE_INT, "secret", NULL, NULL, 0, &number, 0,
	    CTL_CREATE, CTL_EOL);
}

int probe_setup(void) { sysctl_probe_setup(&log); return error; }
int probe_teardown(void) { sysctl_teardown(&log); sysctl_teardown(&log); return log == NULL; }
int probe_number(void) { return leaf->sysctl_parent == top ? leaf->sysctl_num : -1; }
int probe_children(void) { return top->sysctl_clen * 100 + top->sysctl_child[0].sysctl_num; }
