/* What `spice-share` ends with; spice-share(1) lists the same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

typedef enum
{
  EXIT_STATUS_OK = 0,            /* ended by the server or by a signal, as intended */
  EXIT_STATUS_FAILED = 1,        /* no connection, or it was lost */
  EXIT_STATUS_USAGE = 2,         /* options that mean nothing, a folder that cannot be shared */
  EXIT_STATUS_NOT_STARTED = 126, /* the viewer is there but cannot be run */
  EXIT_STATUS_NO_VIEWER = 127,   /* no such viewer; both as shells say it */
} ExitStatus;
