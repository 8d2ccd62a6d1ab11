/* The words of `spice-share` that are no viewer: status, set, stop, doctor, enable, disable, help.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * commands_run:
 * @argv: (array zero-terminated): with the program's name
 * @status: (out): what the program is to end with
 *
 * Returns: %FALSE where the first word is no command, so it names a viewer
 */
gboolean commands_run (char **argv, int *status);

/* Each gets its own words, its name first, and returns an ExitStatus. */
int command_status (char **argv);
int command_set (char **argv);
int command_stop (char **argv);
int command_doctor (char **argv);
int command_enable (char **argv);
int command_disable (char **argv);

/**
 * command_parse:
 * @entries: the command's options
 * @arguments: what comes after the options, for --help; "" for none
 * @summary: a sentence, for --help
 * @n_arguments: how many words have to be left
 * @argv: as the command got it
 *
 * Says on standard error what is wrong.
 *
 * Returns: (transfer full) (nullable): the words left, %NULL where they make no sense
 */
char **command_parse (const GOptionEntry *entries,
                      const char *arguments,
                      const char *summary,
                      guint n_arguments,
                      char **argv);

G_END_DECLS
