#!/bin/sh
# What modload -p calls: id, type, character major, block major.
for unit in 0 1; do
	rm -f /dev/ramdisk$unit /dev/rramdisk$unit
	mknod /dev/ramdisk$unit b "$4" $unit
	mknod /dev/rramdisk$unit c "$3" $unit
done
