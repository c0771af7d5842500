"""FreeBSD's <sys/module.h>: the events that a module's handler receives (modeventtype_t)."""

MOD_LOAD, MOD_UNLOAD, MOD_SHUTDOWN, MOD_QUIESCE = range(4)
