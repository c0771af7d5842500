"""Programs: execution formats, fork, mappings, limits."""
