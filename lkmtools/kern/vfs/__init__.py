"""Files: vnodes, names, mounts, buffers, the file systems of the kernel itself."""
