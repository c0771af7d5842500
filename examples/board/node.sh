#!/bin/sh
# What modload -p calls: id, type, character major, block major (-1: none).
for board in 0 1 2 3; do
	rm -f /dev/board$board
	mknod /dev/board$board c "$3" $board
done
