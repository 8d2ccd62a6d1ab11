/* Finds the command, and parses what all have in common; see commands.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/commands.h"

#include "cli/command-line.h"
#include "cli/exit-status.h"

#include <glib/gi18n-lib.h>

static int command_help (char **argv);

gboolean
commands_run (char **argv, int *status)
{
  static const struct
  {
    const char *name;
    int (*run) (char **argv);
  } commands[] = {
    { "status", command_status }, { "set", command_set },       { "stop", command_stop },
    { "doctor", command_doctor }, { "enable", command_enable }, { "disable", command_disable },
    { "help", command_help },
  };

  if (argv[0] == NULL || argv[1] == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      {
        *status = commands[i].run (argv + 1);
        return TRUE;
      }
  return FALSE;
}

static void
say_too_much (const char *name, const char *word)
{
  g_printerr (_ ("%s: “%s” is one word too many\n"), name, word);
}

/* `help` is --help, and `help COMMAND` is that of the command. */
static int
command_help (char **argv)
{
  char *general[] = { (char *)"spice-share", (char *)"--help", NULL };
  char *special[] = { (char *)"spice-share", argv[1], (char *)"--help", NULL };
  int status;

  if (argv[1] == NULL || *argv[1] == '-')
    {
      g_autoptr (CommandLine) line = command_line_parse (general, NULL); /* ends the process */

      return EXIT_STATUS_OK;
    }
  if (argv[2] == NULL && commands_run (special, &status))
    return status;
  say_too_much ("spice-share help", argv[2] != NULL ? argv[2] : argv[1]);
  return EXIT_STATUS_USAGE;
}

char **
command_parse (const GOptionEntry *entries,
               const char *arguments,
               const char *summary,
               guint n_arguments,
               char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autofree char *name = g_strconcat ("spice-share ", argv[0], NULL);
  g_auto (GStrv) words = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  char **first;

  /* --help names the program by its first word. */
  g_set_prgname (name);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, summary);
  if (!g_option_context_parse_strv (context, &words, &error))
    {
      g_printerr ("%s: %s\n", name, error->message);
      return NULL;
    }
  first = words + 1;
  if (*first != NULL && g_str_equal (*first, "--"))
    first++;
  if (g_strv_length (first) != n_arguments)
    {
      g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

      if (g_strv_length (first) > n_arguments)
        say_too_much (name, first[n_arguments]);
      g_printerr ("%s", help);
      return NULL;
    }
  return g_strdupv (first);
}
