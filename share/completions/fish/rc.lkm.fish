_RC_LKM_COMPLETE=fish_source rc.lkm | source
