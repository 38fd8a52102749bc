# avis: see README. `make help` lists the targets.
#
# Each room becomes one static library and a program links only what its room
# may use (HACKING): a call upwards does not link.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
STATEDIR   ?= /var/lib
UNITDIR    ?= /lib/systemd/system
BUILD      ?= build
CC         ?= cc
CFLAGS     ?= -O2 -g
PYTHON     ?= /usr/bin/python3
V          ?= 0

VERSION := $(shell sed -n 's/^\#\# \([0-9.]*\).*/\1/p' CHANGES | head -n 1)

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wno-unknown-warning-option \
	-Wno-format-truncation -Wundef -Wvla -Wswitch-enum \
	-Wimplicit-fallthrough -Wnull-dereference $(WERROR)
HARDENING = -fstack-protector-strong -fstack-clash-protection -fPIE \
	-fno-common
FORTIFY   = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDLINK  = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
SANITIZE  = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

AVIS_CPPFLAGS = -D_DEFAULT_SOURCE -I. -DAVIS_VERSION='"$(VERSION)"' \
	-DAVIS_CONF='"$(SYSCONFDIR)/avis/avis.conf"' \
	-DAVIS_STATE='"$(STATEDIR)/avis"' \
	-DAVIS_SHARE='"$(PREFIX)/share/avis"' $(FORTIFY)
AVIS_CFLAGS   = -std=c11 $(WARNINGS) $(HARDENING) -pthread

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)

# --- Rooms: who may use whom, in the order of the link line --------------
# tests/lint reads this table too and holds every #include to it.
USES_base   =
USES_conf   = base
USES_mail   = base
USES_policy = conf base
USES_record = conf base
USES_flow   = mail policy conf base
USES_web    = record policy conf base
USES_milter = flow mail policy record conf base
USES_cli    = flow mail policy record conf base
ROOMS = base conf mail policy record flow web milter cli

PROGRAMS         = avis avis-milter avis-web
ROOM_avis        = cli
ROOM_avis-milter = milter
ROOM_avis-web    = web
MAIN_avis        = $(BUILD)/cli/avis.o
MAIN_avis-milter = $(BUILD)/milter/avis_milter.o
MAIN_avis-web    = $(BUILD)/web/avis_web.o

# --- Outside libraries: file:pkg-config name, the one adapter of each ----
ADAPTERS = \
	base/digest:libcrypto \
	base/jread:jansson \
	base/squeeze:zlib \
	base/transfer:libcurl base/idn:libidn2 \
	conf/libconfig:libconfig \
	mail/html_tree:gumbo \
	mail/mime:gmime-3.0 \
	milter/mta_in:milter \
	milter/mta_out:milter \
	policy/pcre:libpcre2-8 \
	policy/zone:glib-2.0 \
	record/cms:libcrypto \
	record/gzip:zlib \
	record/paper:pangocairo \
	record/redis:hiredis \
	record/sqlite:sqlite3 \
	record/systemd:libsystemd \
	web/http:libmicrohttpd

adapter_file = $(word 1,$(subst :, ,$(1)))
adapter_name = $(word 2,$(subst :, ,$(1)))
libraries_of = $(sort $(foreach room,$(1),$(foreach a,\
	$(filter $(room)/%,$(ADAPTERS)),$(call adapter_name,$(a)))))
flags = $(shell pkg-config --cflags $(1) 2>/dev/null)
libs  = $(if $(1),$(shell pkg-config --libs $(1) 2>/dev/null))

define adapter_flags
$(BUILD)/$(call adapter_file,$(1)).o: CPPFLAGS += \
	$(call flags,$(call adapter_name,$(1)))
endef
$(foreach a,$(ADAPTERS),$(eval $(call adapter_flags,$(a))))
$(foreach room,$(ROOMS),\
	$(eval LIBS_$(room) := $(call libs,$(call libraries_of,$(room)))))

# --- What is missing to build is said by name, before the first error ----
BUILD_NEEDS = $(call libraries_of,$(ROOMS))
MISSING := $(shell for name in $(firstword $(CC)) pkg-config ar msgfmt; do \
		command -v "$$name" >/dev/null || echo "$$name"; done; \
	for name in $(BUILD_NEEDS); do \
		pkg-config --exists "$$name" 2>/dev/null || echo "$$name"; done)

.PHONY: all needs
all: $(PROGRAMS:%=$(BUILD)/%)
.DELETE_ON_ERROR:
.SECONDARY:

needs:
ifneq ($(strip $(MISSING)),)
	@printf 'make: to build avis, this machine lacks: %s\n' "$(MISSING)"
	@printf 'On Debian 12 this installs it: contrib/install-packages build\n'
	@exit 1
endif

# --- Objects, rooms, programs --------------------------------------------
sources  = $(wildcard $(1)/*.c)
objects  = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
archive  = $(BUILD)/lib$(1).a
archives = $(foreach room,$(1),$(call archive,$(room)))
MAINS    = $(foreach program,$(PROGRAMS),$(MAIN_$(program)))

$(BUILD)/%.o: %.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(AVIS_CPPFLAGS) $(AVIS_CFLAGS) \
		$(CFLAGS) -MMD -MP -c -o $@ $<

# What is shown and written when the operator has nothing else, compiled in.
BUILTIN = $(wildcard web/templates/*)
BLOCKS  = $(wildcard conf/blocks/*)
$(BUILD)/web/builtin.c: base/builtin.sh $(BUILTIN)
	@mkdir -p $(@D)
	$(call say,GEN,$@)sh $< web/builtin.h builtin_bytes $(BUILTIN) >$@
$(BUILD)/conf/builtin.c: base/builtin.sh $(BLOCKS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)sh $< conf/blocks.h block_file $(BLOCKS) >$@
$(BUILD)/%/builtin.o: $(BUILD)/%/builtin.c
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(AVIS_CPPFLAGS) $(AVIS_CFLAGS) \
		$(CFLAGS) -c -o $@ $<
$(call archive,web): $(BUILD)/web/builtin.o
$(call archive,conf): $(BUILD)/conf/builtin.o

# One text domain a language, under the one locale that is always there:
# see web/language.h.
LANGUAGES    = $(patsubst web/po/%.po,%,$(wildcard web/po/*.po))
CATALOGUES   = $(LANGUAGES:%=$(TRANSLATIONS)/avis-%.mo)
TRANSLATIONS = $(BUILD)/translations/C.UTF-8/LC_MESSAGES
all: $(CATALOGUES)
$(TRANSLATIONS)/avis-%.mo: web/po/%.po | needs
	@mkdir -p $(@D)
	$(call say,MSGFMT,$@)msgfmt --check -o $@ $<

# The texts of templates and tables, into the catalogues to translate.
.PHONY: translations
translations: | needs
	@mkdir -p $(BUILD)/web
	@sed -n 's/{{t \("[^"]*"\)}}/\n_(\1)\n/gp' $(filter-out %.css,$(BUILTIN)) | \
		grep '^_(' >$(BUILD)/web/templates.c
	xgettext --language=C --from-code=UTF-8 --keyword=_ --keyword=WORDS \
		--no-location --no-wrap -o $(BUILD)/web/avis.pot \
		$(BUILD)/web/templates.c $(wildcard web/*.c)
	for language in $(LANGUAGES); do msgmerge --update --backup=none \
		--no-wrap --no-fuzzy-matching web/po/$$language.po \
		$(BUILD)/web/avis.pot || exit 1; done

# Read by the assembler, where the compiler sees no dependency.
$(BUILD)/record/bundle_texts.o: record/verify.sh record/readme.txt

define room_archive
$(call archive,$(1)): $(filter-out $(MAINS),$(call objects,$(1)))
	@mkdir -p $$(@D) && rm -f $$@
	$$(call say,AR,$$@)ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_archive,$(room))))

# link: what a room's code needs behind it, from the top down.
rooms_for = $(1) $(USES_$(1))
libs_for  = $(foreach room,$(call rooms_for,$(1)),$(LIBS_$(room)))
link = $(CC) $(CFLAGS) $(HARDLINK) $(LDFLAGS) -pthread -o $@ $^

define program
$(BUILD)/$(1): $(MAIN_$(1)) $(call archives,$(call rooms_for,$(ROOM_$(1))))
	$$(call say,LINK,$$@)$$(link) $(call libs_for,$(ROOM_$(1)))
endef
$(foreach name,$(PROGRAMS),$(eval $(call program,$(name))))

# --- Unit tests: test_ROOM_FILE.c links what its room may use ------------
UNIT_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUZZERS    = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))

# The longest part of the name that is a room; a test of none gets all.
test_room = $(or $(filter $(ROOMS),\
	$(word 2,$(subst _, ,$(notdir $(1))))),milter)

define unit_test
$(1): $(1).o $(call archives,$(call rooms_for,$(call test_room,$(1))))
	$$(call say,LINK,$$@)$$(link) -lcmocka \
		$(call libs_for,$(call test_room,$(1)))
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_test,$(test))))

$(FUZZERS): %: %.o $(call archives,cli web $(call rooms_for,milter))
	$(call say,LINK,$@)$(link) -fsanitize=fuzzer $(LIBS_web) \
		$(call libs_for,milter)

# --- Checks. Each ends in "N passed, N failed, N skipped" ----------------
RUN   = $(PYTHON) tests/run
TESTS = # make check-cases TESTS='-k mdn'; make check-unit TESTS='test_mail_*'
STEPS = # make check STEPS='unit lint'
FUZZ_SECONDS ?= $(if $(CI),60,10)

use_build = AVIS_BUILD='$(abspath $(BUILD))' AVIS_BIN='$(abspath $(BUILD))/avis'
sanitized = ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1 \
	LSAN_OPTIONS=suppressions=$(abspath tests/lint/leaks.txt):print_suppressions=0
ASAN = BUILD=build-asan FORTIFY= CFLAGS='-O1 -g $(SANITIZE)'
FUZZ = BUILD=build-fuzz FORTIFY= CC=clang HARDENING=-fPIE \
	CFLAGS='-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link'
one_passed = @echo '1 passed, 0 failed, 0 skipped'

.PHONY: check check-build check-unit check-cases check-e2e check-asan \
	check-e2e-asan check-install check-bench
check:
	contrib/install-packages build demo test bench
	@$(RUN)/all.py $(STEPS)

check-build: all $(call archives,$(ROOMS)) $(UNIT_TESTS) bench-tools
	$(one_passed)

check-unit: $(UNIT_TESTS)
	@$(RUN)/unit.py $(BUILD)/tests/unit '$(TESTS)'

check-cases: all
	@$(use_build) $(RUN)/cases.py tests/cases $(TESTS)

check-e2e: all bench-tools
	@$(use_build) $(RUN)/cases.py tests/e2e $(TESTS)

# The sanitizers speak up at the end of a process: leaks count as failures.
check-asan:
	@$(sanitized) $(MAKE) --no-print-directory -k -O $(ASAN) check-unit \
		check-cases

check-e2e-asan:
	@$(sanitized) $(MAKE) --no-print-directory $(ASAN) check-e2e

check-install: all
	@$(PYTHON) tests/run/install.py $(abspath $(BUILD))

check-bench: bench-tools
	@$(PYTHON) tests/bench/smoke.py $(BUILD)

.PHONY: fuzz fuzzers
fuzz:
	@$(MAKE) --no-print-directory $(FUZZ) fuzzers
	@$(RUN)/fuzz.py build-fuzz/tests/fuzz $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)

.PHONY: golden rules lint fmt
golden: $(UNIT_TESTS) all
	@GOLDEN=1 $(use_build) $(RUN)/unit.py $(BUILD)/tests/unit '$(TESTS)'
	@GOLDEN=1 $(use_build) $(RUN)/cases.py tests/cases $(TESTS)
	@git --no-pager diff --stat -- tests

rules:
	@$(PYTHON) tests/lint/rules.py

lint: all
	@AVIS_BUILD='$(BUILD)' $(PYTHON) tests/lint/lint.py $(CHECKS)

fmt:
	clang-format -i $(shell git ls-files '*.c' '*.h')

# --- Bench and demo ------------------------------------------------------
# The load generator and what avis is measured beside; then what else
# measures: bench_*.c.
LOAD    = $(BUILD)/tests/bench/milter_load
BARE    = $(BUILD)/tests/bench/bare_filter
WEB     = $(patsubst %,$(BUILD)/tests/bench/%,web_load web_tokens bare_web)
BENCHES = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))

$(LOAD): $(patsubst %,$(LOAD:milter_load=%.o),milter_load sample wire) \
		$(call archives,mail base)
	$(call say,LINK,$@)$(link) $(LIBS_mail) $(LIBS_base)
$(BARE): $(BARE).o
	$(call say,LINK,$@)$(link) $(LIBS_milter)
$(BUILD)/tests/bench/web_load: %: %.o $(call archives,base)
	$(call say,LINK,$@)$(link)
$(BUILD)/tests/bench/bare_web: %: %.o
	$(call say,LINK,$@)$(link) $(LIBS_web)
$(BUILD)/tests/bench/web_tokens: %: %.o $(call archives,$(call rooms_for,web))
	$(call say,LINK,$@)$(link) $(call libs_for,web)
$(BENCHES): %: %.o $(call archives,$(call rooms_for,milter))
	$(call say,LINK,$@)$(link) $(call libs_for,milter)

.PHONY: bench bench-tools demo
bench-tools: $(LOAD) $(BARE) $(WEB) $(BENCHES)
bench:
	contrib/install-packages build bench
	@$(MAKE) --no-print-directory all bench-tools
	@$(PYTHON) tests/bench/bench.py $(BUILD) $(BENCH)
	@$(PYTHON) tests/bench/web_bench.py $(BUILD) $(BENCH_WEB)
	@$(PYTHON) tests/bench/people_bench.py $(BUILD) $(BENCH_PEOPLE)

demo:
	@contrib/install-packages build demo
	@$(MAKE) --no-print-directory all
	@KEEP=$(KEEP) $(use_build) $(PYTHON) tests/demo/demo.py

# --- Install -------------------------------------------------------------
CONF    = $(DESTDIR)$(SYSCONFDIR)/avis
MAN     = $(DESTDIR)$(PREFIX)/share/man
SHARE   = $(DESTDIR)$(PREFIX)/share/avis
DOC     = $(DESTDIR)$(PREFIX)/share/doc/avis
PAGES   = $(foreach n,1 5 8,$(wildcard */*.$(n)))
# What an administrator changes: laid beside it as *.sample, and in its place
# when nothing is there yet.
SETTINGS = $(wildcard conf/*.conf) contrib/redis/redis.conf \
	contrib/postfix/mark-notify.pcre contrib/postfix/strangers.cidr
SYSTEM  = systemd/avis-milter.service:$(UNITDIR) \
	systemd/avis-web.service:$(UNITDIR) \
	systemd/avis-web.socket:$(UNITDIR) \
	systemd/avis-maillog.service:$(UNITDIR) \
	systemd/avis-hook.service:$(UNITDIR) \
	systemd/avis-redis.service:$(UNITDIR) \
	systemd/avis-release.service:$(UNITDIR) \
	systemd/avis-release.timer:$(UNITDIR) \
	systemd/avis-archive.service:$(UNITDIR) \
	systemd/avis-archive.timer:$(UNITDIR) \
	systemd/avis-seal.service:$(UNITDIR) \
	systemd/avis-seal.timer:$(UNITDIR) \
	systemd/avis-seal.path:$(UNITDIR) \
	sysusers.d/avis.conf:/usr/lib/sysusers.d \
	tmpfiles.d/avis.conf:/usr/lib/tmpfiles.d \
	completions/avis:$(PREFIX)/share/bash-completion/completions

# Our paths stand in a unit as PREFIX has it, not as we wrote it.
place = sed 's,/usr/local/\(s\?bin\)/,$(PREFIX)/\1/,g' $(1) >$(2) && chmod 644 $(2)

.PHONY: install uninstall dist help clean
install: all
	install -D -m 755 $(BUILD)/avis $(DESTDIR)$(PREFIX)/bin/avis
	install -D -m 755 $(BUILD)/avis-milter \
		$(DESTDIR)$(PREFIX)/sbin/avis-milter
	install -D -m 755 $(BUILD)/avis-web $(DESTDIR)$(PREFIX)/sbin/avis-web
	$(Q)for page in $(PAGES); do \
		install -D -m 644 -t $(MAN)/man$${page##*.} $$page || exit 1; done
	$(Q)for item in $(SYSTEM); do \
		file=$(DESTDIR)$${item#*:}/$$(basename $${item%%:*}); \
		install -d $$(dirname $$file) || exit 1; \
		$(call place,contrib/$${item%%:*},$$file) || exit 1; done
	$(Q)install -d $(CONF) && for file in $(SETTINGS); do \
		name=$(CONF)/$${file##*/}; \
		install -m 644 $$file $$name.sample && \
		{ [ -e $$name ] || install -m 644 $$file $$name; } || \
		exit 1; done
	$(Q)for folder in postfix sendmail nginx caddy; do \
		install -D -m 644 -t $(DOC)/$$folder contrib/$$folder/* || exit 1; \
		done
	install -D -m 644 -t $(SHARE)/templates $(BUILTIN)
	install -D -m 644 -t $(SHARE)/$(TRANSLATIONS:$(BUILD)/%=%) $(CATALOGUES)
	install -D -m 644 -t $(DOC) $(wildcard README INSTALL CHANGES LICENSE)

# What an administrator may have changed stays.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/avis \
		$(DESTDIR)$(PREFIX)/sbin/avis-milter \
		$(DESTDIR)$(PREFIX)/sbin/avis-web
	rm -f $(foreach page,$(PAGES),\
		$(MAN)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(foreach item,$(SYSTEM),$(DESTDIR)$(lastword $(subst \
		:, ,$(item)))/$(notdir $(firstword $(subst :, ,$(item)))))
	rm -f $(foreach file,$(SETTINGS),$(CONF)/$(notdir $(file)).sample)
	rm -rf $(DOC) $(SHARE)

dist:
	git archive --prefix=avis-$(VERSION)/ -o avis-$(VERSION).tar.gz HEAD

help:
	@sed -n 's/^#: //p' Makefile

clean:
	rm -rf build build-*/

#: make             builds build/avis, avis-milter and avis-web
#: make demo        the main job on private servers; KEEP=1 leaves them on
#: make check       installs what tests need, builds, runs everything
#: make check-unit  unit tests; TESTS='test_mail_*' for some
#: make check-cases reports, policies, manuals; TESTS='-k mdn' for some
#: make check-e2e   with real Postfix and Redis; TESTS='-k bounce'
#: make check-asan  unit and cases with ASan and UBSan; check-e2e-asan too
#: make fuzz        each fuzzer for FUZZ_SECONDS=10
#: make bench       beside a bare filter, in the same run
#: make lint        the rules that machines can check; fmt formats
#: make rules       which rule of the standards has a test
#: make golden      writes expected results anew: read the diff
#: make translations takes new texts of pages into web/po: then translate
#: make install     DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc; uninstall
#: make dist        avis-VERSION.tar.gz from the last commit
#: make clean       removes the build folders
#: Variables: CC CFLAGS WERROR=-Werror BUILD=build V=1

-include $(foreach room,$(ROOMS),$(patsubst %.o,%.d,$(call objects,$(room))))
-include $(UNIT_TESTS:=.d) $(FUZZERS:=.d) $(BENCHES:=.d)
-include $(wildcard $(BUILD)/tests/bench/*.d)
