/* What one server may hold, and for how long.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* Connections at once; then 503. The mux allows fewer, and tells when one has ended, which closes
 * it here as soon as the loop runs again, whatever its request waits for. So this is only reached
 * by a guest that ends and begins more clients than that in one batch of messages. */
#define DAV_MAX_CONNECTIONS 128

/* Requests that wait for the main thread to find a copied item; then 503. One whose client has gone
 * counts until it is answered, because the answer comes for a token. */
#define DAV_MAX_LOOKUPS 64

/* Seconds without a byte either way until a connection is closed: between two requests, and in one
 * (a program may think long between two pieces of an upload). None pass while the request has a job
 * at work on the share, or waiting for its turn: how long that takes is not the guest's doing, and
 * a large copy that were given up would be as large when it is tried again. Such a connection ends
 * with its client, with the share, or when the work does.
 *
 * The mux, which knows nothing of jobs, gives its place to nobody either once all of the request is
 * there, and only that; an upload that waits for its 100, or whose guest sends no more, is silent
 * to it and may have to go after MUX_SILENCE_TIME. And it ends whoever keeps the port of all from
 * going on for MUX_STALL_TIME: an upload that is read no more because the disk is behind, but also
 * a client that has sent more than half of MUX_HELD_MAX behind a request that is still at work,
 * which is then lost with it. */
#define DAV_IDLE_SECONDS 300
#define DAV_STALL_SECONDS 900

/* How often that is checked, in seconds. */
#define DAV_SWEEP_SECONDS 30

/* Bytes of one upload that wait to be written: reading stops at the first limit, and goes on below
 * the second. As much again may be in the job that writes. */
#define DAV_PUT_HOLD (1024 * 1024)
#define DAV_PUT_GO_ON (512 * 1024)
