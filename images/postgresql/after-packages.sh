#!/bin/sh
# German sorting for those databases that ask for it; the other sources of locales are not needed at run time.
set -eu
chroot "$1" localedef -i de_DE -f UTF-8 de_DE.UTF-8
rm -rf "$1/usr/share/i18n"
