_MODLOAD_COMPLETE=fish_source modload | source
