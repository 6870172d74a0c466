#!/usr/bin/env bash
# Run from an empty folder with an installed wheel on PATH: the package holds everything it needs.
set -euo pipefail

assaymark --version
assaymark --help >/dev/null
python -m assaymark image --help >/dev/null

mkdir -p tree/etc tree/lib/apk/db
printf '3.10.9\n' >tree/etc/alpine-release
printf 'P:apk-tools\nV:2.10.6-r0\nA:x86_64\nL:GPL2\no:apk-tools\n\n' >tree/lib/apk/db/installed

assaymark rootfs --offline --sample-db --format json --output report.json tree
grep -q '"CVE-2021-36159"' report.json
assaymark rootfs --offline --sample-db tree | grep -q 'CVE-2021-36159'

COSIGN_PASSWORD='' assaymark generate-key-pair
test "$(stat -c %a cosign.key)" = 600
COSIGN_PASSWORD='' assaymark public-key --key cosign.key | cmp - cosign.pub

status=0
assaymark rootfs --offline tree 2>errors || status=$?
test "$status" = 4
grep -q -- --sample-db errors
echo "the wheel works from an empty folder"
