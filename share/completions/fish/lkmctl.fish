_LKMCTL_COMPLETE=fish_source lkmctl | source
