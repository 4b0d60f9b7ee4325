#!/bin/sh
set -eu
# What runs as a service of the machine, and its data, are not here: the pod has its own.
rm -rf "$1/etc/redis" "$1/etc/init.d" "$1/var/log/redis"
mkdir -p "$1/var/lib/redis"
chroot "$1" chown 65532:65532 /var/lib/redis
