_LKMD_COMPLETE=fish_source lkmd | source
