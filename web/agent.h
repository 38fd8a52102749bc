#ifndef WEB_AGENT_H
#define WEB_AGENT_H

#include <stdbool.h>

/*
 * Does the client say that it is a program, or that it fetches ahead? Mail
 * filters, previews and libraries are known by a word of their own; many
 * pass themselves off as browsers, so "no" is no proof of a person.
 */
bool agent_is_machine(const char *user_agent, const char *purpose);

#endif
