#!/bin/sh
# A name for the number that Keycloak runs as: without it Java has no user.home.
set -eu
echo 'keycloak:x:1000:' >> "$1/etc/group"
echo 'keycloak:x:1000:1000:Keycloak:/opt/keycloak:/usr/sbin/nologin' >> "$1/etc/passwd"
