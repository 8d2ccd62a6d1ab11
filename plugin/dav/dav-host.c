/* Names of hosts: who may ask for the share, and whether two authorities are the same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-host.h"

#include <arpa/inet.h>
#include <string.h>

/* Longest name of the DNS, and room for an address: more is nothing we could accept. */
#define NAME_MAX_LENGTH 255

#define HTTP_PORT 80

/* Splits an authority without user information into its host (brackets included) and port, 0 if
 * it names none. */
static gboolean
split_authority (const char *authority, gsize length, gsize *host_length, guint *port)
{
  const char *colon;
  gsize i;

  if (length == 0 || memchr (authority, '@', length) != NULL)
    return FALSE;

  if (authority[0] == '[')
    {
      const char *close = memchr (authority, ']', length);

      if (close == NULL)
        return FALSE;
      *host_length = (gsize)(close - authority) + 1;
      colon = *host_length < length ? authority + *host_length : NULL;
      if (colon != NULL && *colon != ':')
        return FALSE;
    }
  else
    {
      colon = memchr (authority, ':', length);
      *host_length = colon != NULL ? (gsize)(colon - authority) : length;
    }

  *port = 0;
  if (*host_length == 0)
    return FALSE;
  if (colon == NULL)
    return TRUE;

  i = *host_length + 1;
  if (i == length || length - i > 5)
    return FALSE;
  for (; i < length; i++)
    {
      if (!g_ascii_isdigit (authority[i]))
        return FALSE;
      *port = *port * 10 + (guint)(authority[i] - '0');
    }

  return *port > 0 && *port <= G_MAXUINT16;
}

static gboolean
is_loopback6 (const char *host, gsize length)
{
  char address[INET6_ADDRSTRLEN];
  struct in6_addr in6;

  if (length < 3 || length - 2 >= sizeof address)
    return FALSE;
  memcpy (address, host + 1, length - 2);
  address[length - 2] = '\0';

  return inet_pton (AF_INET6, address, &in6) == 1 && IN6_IS_ADDR_LOOPBACK (&in6);
}

/* A name or a dotted IPv4 address, @host being nul-terminated and lower-case. */
static gboolean
is_local_name (const char *host)
{
  struct in_addr in;
  gboolean has_letter = FALSE;
  gboolean has_dot = FALSE;
  gsize i;

  if (inet_pton (AF_INET, host, &in) == 1)
    return (ntohl (in.s_addr) >> 24) == IN_LOOPBACKNET;

  for (i = 0; host[i] != '\0'; i++)
    {
      if (host[i] == '.')
        {
          if (i == 0 || host[i - 1] == '.' || host[i + 1] == '\0')
            return FALSE;
          has_dot = TRUE;
        }
      else if (g_ascii_isalpha (host[i]))
        has_letter = TRUE;
      else if (!g_ascii_isdigit (host[i]) && host[i] != '-' && host[i] != '_')
        return FALSE;
    }

  /* A number is an address in some notation of old. */
  if (!has_letter)
    return FALSE;

  return !has_dot || g_str_has_suffix (host, ".local");
}

gboolean
dav_host_is_local (const char *host)
{
  char name[NAME_MAX_LENGTH + 1];
  gsize length, i;
  guint port;

  if (host == NULL || !split_authority (host, strlen (host), &length, &port))
    return FALSE;
  if (host[0] == '[')
    return is_loopback6 (host, length);
  if (length > NAME_MAX_LENGTH)
    return FALSE;

  for (i = 0; i < length; i++)
    name[i] = g_ascii_tolower (host[i]);
  name[length] = '\0';

  return is_local_name (name);
}

gboolean
dav_origin_is_local (const char *origin)
{
  /* Extensions of a browser have schemes of their own and a host of one label. */
  if (g_ascii_strncasecmp (origin, "http://", 7) == 0)
    return dav_host_is_local (origin + 7);
  if (g_ascii_strncasecmp (origin, "https://", 8) == 0)
    return dav_host_is_local (origin + 8);

  return FALSE;
}

gboolean
dav_host_equal (const char *a, gsize a_length, const char *b)
{
  gsize a_host, b_host;
  guint a_port, b_port;

  if (b == NULL || !split_authority (a, a_length, &a_host, &a_port)
      || !split_authority (b, strlen (b), &b_host, &b_port))
    return FALSE;

  return a_host == b_host && g_ascii_strncasecmp (a, b, a_host) == 0
         && (a_port != 0 ? a_port : HTTP_PORT) == (b_port != 0 ? b_port : HTTP_PORT);
}
