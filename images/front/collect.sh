#!/bin/sh
# What nginx needs at run time, into /collected: the program, one module, the libraries of both, and the copyright files
# by which the bill of materials knows the packages. No shell, no other program.
set -eu
program=/usr/sbin/nginx
module=/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so
mkdir -p /collected/etc/front /collected/tmp
for file in "$program" "$module" $(ldd "$program" "$module" | grep -o '[[:space:]]/lib[^ ]*' | sort -u); do
    cp -L --parents "$file" /collected
    # Some packages name their files below /lib, some below /usr/lib, which are one folder.
    package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "/usr$file")
    cp -L --parents "/usr/share/doc/${package%%:*}/copyright" /collected
done
# Names of Services come from the cluster's name service; the C library has both ways built in.
echo 'hosts: files dns' > /collected/etc/nsswitch.conf
