#!/bin/sh
set -eu
# What runs as a service of the machine, and what it comes with, is not here: the pod has its own configuration and data.
chroot "$1" dpkg --purge --force-depends \
    cron cron-daemon-common logrotate libpopt0 procps libproc2-0 libncurses6 libncursesw6 ucf sensible-utils
rm -rf "$1/etc/clamav" "$1/etc/init.d" "$1/etc/apparmor.d" "$1/etc/network" "$1/etc/cron.d" "$1/etc/logrotate.d"
rm -rf "$1/etc/logcheck" "$1/var/lib/clamav" "$1/var/log/clamav"
# Hooks of the kernel and a screen full of figures: nobody is there to use them.
rm -f "$1/usr/sbin/clamonacc" "$1/usr/bin/clamdtop"
mkdir -p "$1/etc/clamav" "$1/var/lib/clamav"
chroot "$1" chown 65532:65532 /var/lib/clamav
