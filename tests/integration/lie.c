/* Preloaded into a viewer: makes a fact about spice-gtk false there, for everybody but spice-gtk.
 *
 *   SPICE_LIE=header    says that headers have the other form, so that no queue holds messages as
 * we know them SPICE_LIE=handlers  knows no function's library, so that no handler can be
 * spice-gtk's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <string.h>

#include <spice-client.h>

int dladdr (const void *address, Dl_info *info);

static int
real_dladdr (const void *address, Dl_info *info)
{
  static int (*real) (const void *, Dl_info *);

  if (real == NULL)
    *(void **)&real = dlsym (RTLD_NEXT, "dladdr");
  return real (address, info);
}

static gboolean
is_in_spice_gtk (const void *address)
{
  Dl_info info;

  return real_dladdr (address, &info) != 0 && strstr (info.dli_fname, "libspice-client") != NULL;
}

static gboolean
lies_about (const char *fact)
{
  return g_strcmp0 (g_getenv ("SPICE_LIE"), fact) == 0;
}

G_MODULE_EXPORT int
dladdr (const void *address, Dl_info *info)
{
  return lies_about ("handlers") && is_in_spice_gtk (address) ? 0 : real_dladdr (address, info);
}

G_MODULE_EXPORT gboolean
spice_channel_test_common_capability (SpiceChannel *channel, guint32 capability)
{
  static gboolean (*real) (SpiceChannel *, guint32);

  if (real == NULL)
    *(void **)&real = dlsym (RTLD_NEXT, "spice_channel_test_common_capability");
  return real (channel, capability)
         != (lies_about ("header") && !is_in_spice_gtk (__builtin_return_address (0)));
}
