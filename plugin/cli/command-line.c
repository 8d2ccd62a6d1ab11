/* See command-line.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/command-line.h"

#include <glib/gi18n-lib.h>
#include <spice-client.h>

#include "base/home.h"

static gboolean
parse_compression (const char *option, const char *value, gpointer data, GError **error)
{
  CommandLine *self = data;

  if (!share_compression_from_nick (value, &self->overrides->compression))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("%s is auto, always or never, and not “%s”"), option, value);
      return FALSE;
    }
  self->overrides->keys |= SHARE_SETTINGS_COMPRESSION;
  return TRUE;
}

static gboolean
parse_share_dir (const char *option, const char *value, gpointer data, GError **error)
{
  CommandLine *self = data;
  g_autofree char *expanded = NULL;

  if (*value == '\0')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s needs a folder"),
                   option);
      return FALSE;
    }
  /* A shell leaves ~ alone in --share-dir=~/x. */
  expanded = share_expand_home (value);
  g_free (self->overrides->dir);
  self->overrides->dir = g_canonicalize_filename (expanded, NULL);
  self->overrides->keys |= SHARE_SETTINGS_DIR;
  return TRUE;
}

static gboolean
parse_capture (const char *option, const char *value, gpointer data, GError **error)
{
  CommandLine *self = data;
  g_autofree char *expanded = NULL;

  if (*value == '\0')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s needs a file"), option);
      return FALSE;
    }
  expanded = share_expand_home (value);
  g_free (self->overrides->capture);
  self->overrides->capture = g_canonicalize_filename (expanded, NULL);
  return TRUE;
}

static gboolean
parse_read_only (const char *option, const char *value, gpointer data, GError **error)
{
  CommandLine *self = data;

  self->overrides->read_only = TRUE;
  self->overrides->keys |= SHARE_SETTINGS_READ_ONLY;
  return TRUE;
}

static GOptionContext *
make_context (CommandLine *self, gboolean headless)
{
  const GOptionEntry entries[] = {
    { "share-dir", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer)parse_share_dir,
      N_ ("Share this folder"), N_ ("DIR") },
    { "share-dir-ro", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer)parse_read_only,
      N_ ("Share it read-only"), NULL },
    { "compression", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)parse_compression,
      N_ ("When to compress: auto, always or never"), N_ ("WHEN") },
    { "capture", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer)parse_capture,
      N_ ("Record what passes in this file, for Wireshark"), N_ ("FILE") },
    { "headless", 0, 0, G_OPTION_ARG_NONE, &self->headless,
      N_ ("Connect to the server at URI without a viewer"), NULL },
    { "password", 'w', 0, G_OPTION_ARG_STRING, &self->password,
      N_ ("The server's password, with --headless"), N_ ("PASSWORD") },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, N_ ("Print the version"), NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (_ ("VIEWER [ARGUMENT…] | --headless URI"));
  GOptionGroup *group = g_option_group_new ("spice-share", NULL, NULL, self, NULL);

  g_option_group_add_entries (group, entries);
  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  g_option_context_set_main_group (context, group);
  g_option_context_set_strict_posix (context, !headless);
  g_option_context_set_summary (
      context, _ ("Starts a SPICE viewer that shares a folder of this computer with the virtual "
                  "machine it shows."));
  g_option_context_set_description (
      context,
      _ ("The folder holds for this one viewer, until the setting org.spice-space.webdav share-dir "
         "changes.\n"
         "\n"
         "Commands: status, set, stop, doctor, enable, disable. “spice-share COMMAND --help” "
         "explains each.\n"
         "\n"
         "Exit status: 0 ended as intended, 1 no connection or the connection was lost, 2 wrong "
         "usage or a folder that cannot be shared, 126 the viewer cannot be run, 127 there is no "
         "such viewer; otherwise the viewer's own.\n"));
  if (headless)
    g_option_context_add_group (context, spice_get_option_group ());
  return context;
}

static gboolean
parse (CommandLine *self, gboolean headless, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = make_context (self, headless);
  g_auto (GStrv) rest = g_strdupv (argv);
  char **first;

  if (!g_option_context_parse_strv (context, &rest, error))
    return FALSE;

  first = rest + 1;
  if (*first != NULL && g_str_equal (*first, "--"))
    first++;
  self->arguments = g_strdupv (first);
  return TRUE;
}

static CommandLine *
command_line_new (void)
{
  CommandLine *self = g_new0 (CommandLine, 1);

  self->overrides = share_overrides_new ();
  return self;
}

void
command_line_free (CommandLine *self)
{
  share_overrides_free (self->overrides);
  g_free (self->password);
  g_strfreev (self->arguments);
  g_free (self);
}

/* Whether --headless is among the options, that is before the first word that is none or after
 * options only spice-gtk knows. Those of a viewer are not looked at. */
static gboolean
is_headless (char **argv)
{
  for (char **word = argv + 1; *word != NULL; word++)
    {
      if (g_str_equal (*word, "--headless"))
        return TRUE;
      if (g_str_equal (*word, "--share-dir") || g_str_equal (*word, "--compression")
          || g_str_equal (*word, "--capture") || g_str_equal (*word, "--password")
          || g_str_equal (*word, "-w"))
        {
          if (*++word == NULL)
            return FALSE;
        }
      else if (**word != '-' || g_str_equal (*word, "--"))
        return FALSE;
    }
  return FALSE;
}

CommandLine *
command_line_parse (char **argv, GError **error)
{
  g_autoptr (CommandLine) self = command_line_new ();
  gboolean headless = is_headless (argv);

  if (!parse (self, headless, argv, error))
    return NULL;
  if (self->version)
    return g_steal_pointer (&self);

  if (headless && g_strv_length (self->arguments) != 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("--headless needs one URI, such as spice://localhost:5900"));
      return NULL;
    }
  if (!headless && self->arguments[0] == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("Name the viewer to start, such as remote-viewer"));
      return NULL;
    }
  if (!headless && self->password != NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("--password is for --headless; a viewer asks for it"));
      return NULL;
    }
  return g_steal_pointer (&self);
}
