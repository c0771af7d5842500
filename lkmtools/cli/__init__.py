"""The tools: parse, call, print; nothing else."""
