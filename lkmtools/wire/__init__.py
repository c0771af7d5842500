"""Common code of the supervisor and the kernel process: descriptors that never block.

    poller.py       which object is called when a descriptor is ready
    timers.py       what is due later
    stream.py       frames over a connection
    accept.py       the next connection, and whose it is
    scm_rights.py   descriptors that come with data
    channel.py      messages between the two processes themselves
    forked.py       the first steps of a process that is forked, and what is said of its end

Of what is said only the frames are known here, and REFUSED.
"""
