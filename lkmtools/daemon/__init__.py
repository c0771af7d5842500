"""The supervisor: sockets, log and boots on the outside, one kernel process per boot on the inside.

address.py says where the sockets are, autostart.py starts a daemon for a tool; both are light and used by the
client too. main.py is the way from options to supervisor.py, which boots one kernel after another; loop.py is
its loop, listener.py owns the socket files, backoff.py says how fast kernels may boot.

    tools     tools.py has their connections, ctl.py is one of them, control.py what it may ask for;
              follower.py sends what is printed, waits.py says for what the kernel lets a process wait
    boots     child.py is the kernel process as seen from here, room.py what it needs of the host, watch.py
              whether it is alive; booting.py has a boot's modules, rc.py rc.lkm, suspects.py what is left out
    deaths    deaths.py accounts for them, inquest.py and findings.py find out what a kernel died of, by its
              memory, which scene.py reads; autopsy.py makes the record. fate.py has what clients hear of
              that; door.py answers them while there is no kernel
    others    console.py is the message buffer, log.py the log, background.py the way into the background,
              private_supervisors.py those of LocalKernel

What is done later waits for a time or for an event. For a time: an action of wire/timers.py. For an event:
the Question of a tool (ctl.py), which is kept by the object that will know the answer, and answered then.

Nothing is imported here: a tool that only looks for the socket must not pay for the kernel.
"""
