_MODUNLOAD_COMPLETE=fish_source modunload | source
