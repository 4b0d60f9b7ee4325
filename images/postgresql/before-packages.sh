#!/bin/sh
# CloudNativePG runs PostgreSQL as 26:26. Debian gives group 26 to tape, which nothing here uses.
set -eu
sed -i 's/^tape:\([^:]*\):26:/tape:\1:126:/' "$1/etc/group"
echo 'postgres:x:26:' >> "$1/etc/group"
echo 'postgres:x:26:26:PostgreSQL:/var/lib/postgresql:/bin/bash' >> "$1/etc/passwd"
echo 'postgres:*:19000:0:99999:7:::' >> "$1/etc/shadow"
# No cluster is made at the installation: CloudNativePG makes it on the tenant's volume.
mkdir -p "$1/etc/postgresql-common"
echo 'create_main_cluster = false' > "$1/etc/postgresql-common/createcluster.conf"
