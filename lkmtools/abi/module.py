"""FreeBSD's <sys/module.h>: what happens to a module, as its event handler is told (modeventtype_t)."""

MOD_LOAD, MOD_UNLOAD, MOD_SHUTDOWN, MOD_QUIESCE = range(4)
