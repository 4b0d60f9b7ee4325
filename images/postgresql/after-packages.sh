#!/bin/sh
set -eu
# German and English sorting for those databases that ask for it; the sources of locales are not needed at run time.
# As folders: the archive of locales goes when its package goes.
chroot "$1" localedef --no-archive -i de_DE -f UTF-8 de_DE.UTF-8
chroot "$1" localedef --no-archive -i en_US -f UTF-8 en_US.UTF-8
# Half of the size is what CloudNativePG never runs: the compiler behind JIT (PostgreSQL does without where the library
# is missing), Debian's wrappers around clusters with their Perl, and a certificate whose key would be in every copy.
rm -rf "$1"/usr/lib/postgresql/*/lib/bitcode "$1"/usr/lib/postgresql/*/lib/llvmjit* "$1/etc/postgresql-common"
chroot "$1" dpkg --purge --force-depends \
    libllvm14 libz3-4 locales libc-l10n \
    postgresql-common postgresql-client-common ssl-cert libjson-perl \
    perl perl-modules-5.36 libperl5.36 libgdbm6 libgdbm-compat4
sed -i '/^ssl-cert:/d' "$1/etc/group" "$1/etc/gshadow"
rm -rf "$1/usr/share/i18n" "$1/var/lib/postgresql/15"
# What the wrappers' package would have made, for the number that CloudNativePG uses.
mkdir -p "$1/var/lib/postgresql"
chroot "$1" chown 26:26 /var/lib/postgresql
