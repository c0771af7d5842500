"""The supervisor: sockets, log and boots on the outside, one kernel process a boot on the inside.

address.py says where the sockets are, autostart.py starts a daemon for a tool; both are light and used by the
client too. main.py is the way from options to the loop, which is supervisor.py; listener.py owns the socket
files, ctl.py is a connection to SOCKET.ctl, control.py what it may ask for. booting.py has the modules of a
boot, rc.py rc.lkm, suspects.py the modules that are left out. child.py is the kernel process as seen from
here, room.py what it needs of the host, watch.py whether it is alive, waits.py for what it lets a process
wait, inquest.py and findings.py what it died of, fate.py what clients hear of that, backoff.py how fast
kernels may boot. console.py is the message buffer, log.py the log, timers.py what is due later, background.py
the way into the background, private.py the supervisors of LocalKernel.

Nothing is imported here: a tool that only looks for the socket must not pay for the kernel.
"""
