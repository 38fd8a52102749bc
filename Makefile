# avis: see README. `make help` lists the targets.
#
# Each room becomes one static library and a program links only what its room
# may use (HACKING): a call upwards does not link.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
STATEDIR   ?= /var/lib
BUILD      ?= build
CC         ?= cc
CFLAGS     ?= -O2 -g
PYTHON     ?= /usr/bin/python3
V          ?= 0

VERSION := $(shell sed -n 's/^\#\# \([0-9.]*\).*/\1/p' CHANGES | head -n 1)

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wno-format-truncation -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough \
	-Wnull-dereference $(WERROR)
HARDENING = -fstack-protector-strong -fstack-clash-protection -fPIE \
	-fno-common
FORTIFY   = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDLINK  = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

AVIS_CPPFLAGS = -D_DEFAULT_SOURCE -I. -DAVIS_VERSION='"$(VERSION)"' \
	-DAVIS_CONF='"$(SYSCONFDIR)/avis/avis.conf"' \
	-DAVIS_STATE='"$(STATEDIR)/avis"' $(FORTIFY)
AVIS_CFLAGS   = -std=c11 $(WARNINGS) $(HARDENING) -pthread

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)

ROOMS    = base conf mail policy record flow milter cli
PROGRAMS = avis avis-milter

# Outside libraries: which pkg-config name, and the one file that may see it.
flags = $(shell pkg-config --cflags $(1) 2>/dev/null)
libs  = $(shell pkg-config --libs $(1) 2>/dev/null)
GMIME_CFLAGS := $(call flags,gmime-3.0)

$(BUILD)/mail/mime.o: CPPFLAGS += $(GMIME_CFLAGS)

BASE_LIBS   := $(call libs,libcrypto jansson)
CONF_LIBS   := $(call libs,libconfig)
MAIL_LIBS   := $(call libs,gmime-3.0)
POLICY_LIBS := $(call libs,libpcre2-8)
RECORD_LIBS := $(call libs,hiredis)
MILTER_LIBS := $(call libs,milter libcurl)

sources = $(wildcard $(1)/*.c)
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
archive = $(BUILD)/lib$(1).a

# The link line is the layer diagram, from the top down.
SHARED  = flow mail policy record conf base
LINK_avis        = cli $(SHARED)
LINK_avis-milter = milter $(SHARED)
LIBS_avis        = $(MAIL_LIBS) $(POLICY_LIBS) $(RECORD_LIBS) $(CONF_LIBS) \
	$(BASE_LIBS)
LIBS_avis-milter = $(MILTER_LIBS) $(LIBS_avis)
MAIN_avis        = $(BUILD)/cli/avis.o
MAIN_avis-milter = $(BUILD)/milter/avis_milter.o

.PHONY: all
all: $(PROGRAMS:%=$(BUILD)/%)
.DELETE_ON_ERROR:
.SECONDARY:

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(AVIS_CPPFLAGS) $(AVIS_CFLAGS) \
		$(CFLAGS) -MMD -MP -c -o $@ $<

define room_archive
$(call archive,$(1)): $(filter-out $(MAIN_avis) $(MAIN_avis-milter),$(call objects,$(1)))
	@rm -f $$@
	$$(call say,AR,$$@)ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_archive,$(room))))

define program
$(BUILD)/$(1): $(MAIN_$(1)) $(foreach room,$(LINK_$(1)),$(call archive,$(room)))
	$$(call say,LINK,$$@)$(CC) $(CFLAGS) $(HARDLINK) $(LDFLAGS) -pthread \
		-o $$@ $$^ $(LIBS_$(1))
endef
$(foreach name,$(PROGRAMS),$(eval $(call program,$(name))))

-include $(foreach room,$(ROOMS),$(patsubst %.o,%.d,$(call objects,$(room))))
