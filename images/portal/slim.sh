#!/bin/sh
# Removes from the installed packages, in the folder $1, what the portal never reads: two thirds of their size.
set -eu
cd "$1"
# Languages but German and English. Zope reads every catalogue that it finds when it starts.
find . -type d -path '*/locales/*/LC_MESSAGES' | while read -r folder; do
    language=$(basename "$(dirname "$folder")")
    case "$language" in de | en | en_* | en-*) ;; *) rm -rf "$(dirname "$folder")" ;; esac
done
find . -type f \( -name '*.pot' -o -name '*.map' -o -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' \) -delete
# The catalogues that are read are the compiled ones; a source beside one is not read.
find . -type f -name '*.po' | while read -r source; do
    if [ -e "${source%.po}.mo" ]; then rm "$source"; fi
done
find . -depth -type d \( -name tests -o -name test -o -name SelfTest \) -not -path './Testing/*' -exec rm -rf {} +
# Namespaces need no start files: no package here has an `__init__.py` for one.
rm -f ./*-nspkg.pth distutils-precedence.pth
