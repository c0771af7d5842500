_LKMCC_COMPLETE=fish_source lkmcc | source
