"""The kernel process: one simulated kernel, its clients' connections, and nothing that must outlive it.

main.py is where the supervisor's fork begins, server.py the loop, connection.py one client's frames,
process.py its process of the kernel, gate.py when the kernel may be called, init.py what follows the kernel's
boot, orders.py what the supervisor tells it, control.py what only the kernel can answer, ending.py its
orderly end, thrift.py how the two processes share memory.

What is done later waits for a time, and is an action of wire/timers.py; or for the kernel, and is kept by the
Gate.

It may die of anything, at any moment: what must not be lost is in memory of the supervisor (evidence/).
"""
