# SPDX-License-Identifier: GPL-2.0-only
# make deb: a Debian package of what is in this tree, in build/deb.

DEB_TREE := $(BUILD)/deb/nestwg-xdp-$(VERSION)
DEB_DATE := $(shell git log -1 --format=%aD 2>/dev/null || date -R)

# Built in a copy, since dpkg-buildpackage wants debian/ at the top.
deb:
	rm -rf $(BUILD)/deb
	mkdir -p $(DEB_TREE)/debian/source
	cp -r Makefile LICENSE README.md bpf include loader scripts selftests $(DEB_TREE)
	cp $(addprefix scripts/deb/,control rules postinst prerm postrm copyright) $(DEB_TREE)/debian
	echo '3.0 (native)' >$(DEB_TREE)/debian/source/format
	printf '%s\n' 'nestwg-xdp ($(VERSION)) unstable; urgency=medium' '' '  * Version $(VERSION), commit $(COMMIT).' '' \
		' -- nestwg-xdp maintainers <maintainers@nestwg-xdp.example.org>  $(DEB_DATE)' \
		>$(DEB_TREE)/debian/changelog
	cd $(DEB_TREE) && env -u MAKEFLAGS -u BUILD DEB_BUILD_OPTIONS=noautodbgsym COMMIT=$(COMMIT) \
		dpkg-buildpackage -b -us -uc
	@ls $(BUILD)/deb/*.deb

.PHONY: deb
