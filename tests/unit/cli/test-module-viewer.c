/* The GTK module in a process that has spice-gtk, as a viewer has it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>

#include <spice-client.h>

#define MODULE BUILD_DIR "/plugin/libspice-share.so"

static void
call_init (void)
{
  void *module = dlopen (MODULE, RTLD_LAZY | RTLD_LOCAL);
  void (*init) (int *argc, char ***argv);
  int argc = 0;
  char **argv = NULL;

  if (module == NULL)
    g_error ("%s", dlerror ());
  *(void **)&init = dlsym (module, "gtk_module_init");
  g_assert_nonnull (init);
  init (&argc, &argv);
}

static void
test_takes_over (void)
{
  g_autoptr (GObject) session = NULL;
  GObject *channel;

  g_setenv ("SPICE_SHARE_DIR", "/some/where", TRUE);
  g_setenv ("SPICE_SHARE_DIR_RO", "1", TRUE);
  g_setenv ("SPICE_SHARE_COMPRESSION", "never", TRUE);
  call_init ();

  /* What the viewer starts does not inherit them. */
  g_assert_null (g_getenv ("SPICE_SHARE_DIR"));
  g_assert_null (g_getenv ("SPICE_SHARE_DIR_RO"));
  g_assert_null (g_getenv ("SPICE_SHARE_COMPRESSION"));

  /* View-only, so that nothing is connected. */
  session = g_object_new (SPICE_TYPE_SESSION, "read-only", TRUE, NULL);
  channel = g_object_new (SPICE_TYPE_WEBDAV_CHANNEL, "spice-session", session, "channel-type", 11,
                          "channel-id", 0, NULL);
  g_assert_cmpstr (G_OBJECT_TYPE_NAME (channel), ==, "SpiceShareChannel");
  g_assert_true (SPICE_IS_WEBDAV_CHANNEL (channel));

  /* The controller has the overrides. */
  {
    g_autofree char *dir = NULL;
    gboolean read_only;

    g_object_get (session, "shared-dir", &dir, "share-dir-ro", &read_only, NULL);
    g_assert_cmpstr (dir, ==, "/some/where");
    g_assert_true (read_only);
  }
  spice_session_disconnect (SPICE_SESSION (session));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Without GTK in the process nothing is drawn. */
static void
test_no_gtk (void)
{
  call_init ();
  g_assert_null (dlopen (BUILD_DIR "/plugin/libspice-share-ui.so", RTLD_LAZY | RTLD_NOLOAD));
  g_assert_nonnull (dlopen (BUILD_DIR "/plugin/libspice-share-core.so", RTLD_LAZY | RTLD_NOLOAD));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/module/takes-over", test_takes_over);
  g_test_add_func ("/module/no-gtk", test_no_gtk);
  return g_test_run ();
}
