#ifndef FLOW_NAMES_H
#define FLOW_NAMES_H

/* Header fields that are ours alone (HDR-9). */
#define HEADER_RECORD "Avis-Record" /* audit: version, message id, MAC */
#define HEADER_CLASS  "Avis-Class"  /* a trusted application names a class */
/* HDR-9: how the one recipient would rather be reached. */
#define HEADER_CHANNEL "Avis-Preferred-Channel"

#endif
