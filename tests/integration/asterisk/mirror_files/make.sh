#!/bin/sh
# Makes the little Debian mirror of these tests anew (needs gpg; the tests themselves do not): sh make.sh
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -rf dists pool && mkdir -p pool dists/forky/main/binary-amd64

package() { # name, version, further control lines
    mkdir -p "$scratch/$1/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Tests <tests@example.org>\nInstalled-Size: 70\n%bDescription: made for tests\n' "$1" "$2" "$3" > "$scratch/$1/DEBIAN/control"
    dpkg-deb -Zxz --root-owner-group --build "$scratch/$1" pool > /dev/null
    archive=pool/$1_$2_all.deb
    { cat "$scratch/$1/DEBIAN/control"
      printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$archive" "$(stat -c %s "$archive")" "$(sha256sum "$archive" | cut -d' ' -f1)"
    } >> dists/forky/main/binary-amd64/Packages
}

mkdir -p "$scratch/toy/usr/bin" "$scratch/toy/usr/share/man" "$scratch/toy-data/usr/share/toy"
echo toy > "$scratch/toy/usr/bin/toy"
echo manual > "$scratch/toy/usr/share/man/toy.1"
ln -s /etc/passwd "$scratch/toy/usr/bin/outside"
head -c 60000 /dev/urandom > "$scratch/toy-data/usr/share/toy/data"
package toy 22.1-1 'Depends: toy-data (>= 1), adduser\n'
package toy-data 1.0 ''

cd dists/forky
{ printf 'Origin: Tests\nSuite: forky\nCodename: forky\nDate: %s\nArchitectures: amd64\nComponents: main\nSHA256:\n' "$(date -Ru)"
  printf ' %s %s main/binary-amd64/Packages\n' "$(sha256sum main/binary-amd64/Packages | cut -d' ' -f1)" "$(stat -c %s main/binary-amd64/Packages)"
} > "$scratch/Release"
mkdir -m 700 "$scratch/gpg"
GNUPGHOME=$scratch/gpg
export GNUPGHOME
gpg --quiet --batch --passphrase '' --quick-generate-key 'Tests <tests@example.org>' rsa3072 sign never
gpg --quiet --batch --export > ../../keyring.gpg
gpg --quiet --batch --digest-algo SHA256 --clearsign --output InRelease "$scratch/Release"
gpgconf --kill all
