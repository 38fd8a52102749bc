#include "conf/schema.h"
#include "conf/settings.h"

static const char *const purposes[] = {
	[PURPOSE_UNSET] = "",
	[PURPOSE_TRANSACTIONAL] = "transactional",
	[PURPOSE_LEGAL] = "legal",
	[PURPOSE_SERVICE] = "service",
	[PURPOSE_MARKETING] = "marketing",
};

static const char *const bases[] = {
	[BASIS_UNSET] = "",
	[BASIS_CONSENT] = "consent",
	[BASIS_CONTRACT] = "contract",
	[BASIS_LEGAL_OBLIGATION] = "legal-obligation",
	[BASIS_VITAL_INTERESTS] = "vital-interests",
	[BASIS_PUBLIC_TASK] = "public-task",
	[BASIS_LEGITIMATE_INTEREST] = "legitimate-interest",
};

const char *
purpose_name(enum purpose purpose)
{
	return purposes[purpose];
}

const char *
basis_name(enum basis basis)
{
	return bases[basis];
}
