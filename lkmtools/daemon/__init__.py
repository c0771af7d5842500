"""The daemon: sockets on the outside, one simulated kernel on the inside.

address.py says where the socket is, autostart.py starts a daemon for a tool; both are light and used by
the client too. listener.py owns the socket file, connection.py is one process's end of the wire, server.py
the loop, poller.py its epoll(7), waiting.py what has to wait, control.py what the daemon answers itself,
init.py what follows the kernel's boot, suspects.py the modules it leaves out, background.py the way into the
background, main.py from options to the loop.

Nothing is imported here: a tool that only looks for the socket must not pay for the kernel.
"""
