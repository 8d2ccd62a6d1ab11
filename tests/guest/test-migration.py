#!/usr/bin/env python3
"""A guest with the distribution's own spice-webdavd and curl moves from one QEMU to another while it
reads and writes the share of a remote-viewer with our module: seamlessly; semi-seamlessly, where the
server's state stays behind; and by switch-host, which is what is left when the viewer could not reach
the other host in time. TAP on standard output.

Documents: QEMU's QMP reference (client_migrate_info, migrate, migrate-continue, query-migrate,
query-spice); main-channel-client.cpp of spice-server 0.15 (migrate_src_complete()) for switch-host.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import contextlib
import importlib.util
import json
import os
import pathlib
import re
import socket
import sys
import tempfile
import threading

spec = importlib.util.spec_from_file_location('guest', pathlib.Path(__file__).with_name('test-guest.py'))
common = importlib.util.module_from_spec(spec)
spec.loader.exec_module(common)

# What the download is made of: more than the servers and sockets in between can hold.
DOWN = 160 << 20
UP = 24 << 20
# Both are under way while the machine is copied: bytes a second, as curl writes them.
DOWN_RATE = '12M'
UP_RATE = '1M'
# How long a transfer may take, in seconds: the minute that the guest's curl has otherwise is not enough
# where many programs want the processor (96 of 160 MiB were there, seen with a load of 12 on two).
TRANSFER_TIME = 140
# The status of a curl to which that has happened.
CURL_GAVE_UP = 28
CURL = f'curl -sf -m {TRANSFER_TIME}'
# What no transfer comes to the end of: a hole, on both sides.
ENDLESS = 8 << 30

# The machine's memory is copied at this speed, bytes a second: some seconds, as with a real one.
COPY_RATE = 96 << 20

MIGRATION_DEADLINE = 60

# Of spice-gtk's own, as patterns that have to match the whole line after the time.
MIGRATION_WARNINGS = [
    # The destination introduces its port, which spice-gtk knows from the source; the stock channel, too.
    r".*GSpice-CRITICAL \*\*: .*: port_handle_init: assertion 'c->name == NULL' failed",
    # The destination measures its link while the viewer still shakes hands.
    r'.*GSpice-CRITICAL \*\*: .*: unexpected msg \(4\)\.Only MIGRATE_DST_SEAMLESS_ACK/NACK are allowed',
    # It writes what is queued after a channel has left its session; the stock channel, too.
    r".*GSpice-CRITICAL \*\*: .*: spice_session_get_read_only: assertion 'SPICE_IS_SESSION\(self\)' failed",
    # Its display is made anew when it switches to another host.
    r".*GSpice-CRITICAL \*\*: .*: try_keyboard_grab: assertion 'gtk_widget_is_focus\(widget\)' failed",
    r".*Gdk-CRITICAL \*\*: .*: gdk_window_get_display: assertion 'GDK_IS_WINDOW \(window\)' failed",
    r".*Gdk-CRITICAL \*\*: .*: gdk_display_get_default_seat: assertion 'GDK_IS_DISPLAY \(display\)' failed",
    r".*Gdk-CRITICAL \*\*: .*: gdk_seat_grab: assertion 'GDK_IS_SEAT \(seat\)' failed",
    r'.*GSpice-WARNING \*\*: .*: keyboard grab failed \d+',
]


class Qmp:
    """QEMU's own socket."""

    def __init__(self, guest):
        self.file = guest.connect('qmp').makefile('rw')
        self.file.readline()
        self.run('qmp_capabilities')

    def run(self, command, **arguments):
        self.file.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.file.flush()
        for line in self.file:
            answer = json.loads(line)
            if 'error' in answer:
                raise common.Failed(f'{command}: {answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']
        raise common.Failed(f'{command}: QEMU is gone')


class Gate:
    """A way to a SPICE server, where connections are refused until it is opened."""

    def __init__(self, port):
        self.target = port
        # Bound, so that nobody else gets the number; refused, because nobody listens.
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def open(self):
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        """No new connections; those that are there end with either side."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                viewer = self.listener.accept()[0]
                server = socket.create_connection(('127.0.0.1', self.target))
                for ends in ((viewer, server), (server, viewer)):
                    threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    @staticmethod
    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def migrate(source, destination, gate=None):
    """Moves the guest as libvirt does; the source is stopped, not ended, when this returns. With a
    gate, the viewer finds it closed while the machine is copied."""
    qmp = Qmp(source)
    qmp.run('client_migrate_info', protocol='spice', hostname='127.0.0.1',
            port=gate.port if gate else destination.port)
    qmp.run('migrate-set-parameters', **{'max-bandwidth': COPY_RATE})
    qmp.run('migrate-set-capabilities',
            capabilities=[{'capability': 'pause-before-switchover', 'state': True}])
    qmp.run('migrate', uri=f'unix:{destination.run_dir}/incoming')

    def wait_for_status(what, status):
        common.wait_for(what, MIGRATION_DEADLINE, lambda: qmp.run('query-migrate')['status']
                        in (status, 'completed', 'failed', 'cancelled'))
    wait_for_status('the machine stops to be moved', 'pre-switchover')
    if gate:
        gate.open()
    qmp.run('migrate-continue', state='pre-switchover')
    wait_for_status('the machine is copied', 'completed')
    info = qmp.run('query-migrate')
    common.check_equal('migration', info['status'], 'completed')
    common.diagnose(f'copied in {info["total-time"]} ms, stopped for {info["downtime"]} ms')
    common.wait_for('the viewer has moved', MIGRATION_DEADLINE, lambda: qmp.run('query-spice')['migrated'])


def check_transfers(source, destination, folder):
    wanted = common.sha256(folder / 'noise')
    uploaded = source.run(f'head -c {UP} /dev/urandom >up; sha256sum up').split()[0]
    command = (f'({CURL} -S --limit-rate {DOWN_RATE} {common.URL}/noise | sha256sum) & '
               f'{CURL} -S --limit-rate {UP_RATE} -T up {common.URL}/up && echo uploaded & wait')
    source.send(command)
    common.wait_for('the upload begins', common.SHARE_DEADLINE,
                    lambda: any(name.startswith(common.STAGING_PREFIX) for name in os.listdir(folder))
                    or (folder / 'up').exists())
    common.check_equal('the upload is whole before', (folder / 'up').exists(), False)
    migrate(source, destination)
    common.check_equal('the upload was over before', (folder / 'up').exists(), False)
    status, output = destination.answer(command)
    common.check_equal(f'status of {output!r}', status, 0)
    common.check_equal(f'sum {wanted} of the download in {output!r}', wanted in output, True)
    common.check_equal('the upload', 'uploaded' in output, True)
    common.check_equal('sum of the upload', common.sha256(folder / 'up'), uploaded)


def check_broken_transfers(source, destination, folder, gate):
    source.run(f'truncate -s {ENDLESS} up')
    command = (f'({CURL} --limit-rate {DOWN_RATE} -o /dev/null {common.URL}/hole; echo download $?) & '
               f'({CURL} --limit-rate {UP_RATE} -T up {common.URL}/up; echo upload $?) & wait')
    source.send(command)
    common.wait_for('the upload begins', common.SHARE_DEADLINE,
                    lambda: any(name.startswith(common.STAGING_PREFIX) for name in os.listdir(folder)))
    migrate(source, destination, gate)
    output = destination.answer(command)[1]
    common.diagnose(output)
    for transfer in ('download', 'upload'):
        ended = re.search(rf'^{transfer} (\d+)$', output, re.MULTILINE)
        common.check_equal(f'the {transfer} has ended, in {output!r}', bool(ended), True)
        common.check_equal(f'the {transfer} is told that it failed, before it gave up',
                           int(ended[1]) not in (0, CURL_GAVE_UP), True)


@contextlib.contextmanager
def sharing_viewer(tap, guest, host, folder):
    """A remote-viewer that shares the folder, which the guest sees; it must be the same at the end."""
    host.set('share-dir', str(folder))
    with host.display(), host.viewer(['remote-viewer', guest.uri], f'remote-viewer-{folder.name}',
                                     GTK_MODULES=str(host.arguments.module)) as (process, log):
        with tap.need('the guest sees the folder'):
            common.wait_for_status(guest, 207)
        viewer = common.child_of(process, 'remote-viewer')
        yield
        with tap.check('remote-viewer still runs and has not complained'):
            common.check_equal('remote-viewer', common.child_of(process, 'remote-viewer'), viewer)
            common.check_equal('warnings', common.unexpected_warnings(log), [])


def check_broken(tap, guests, host, gate=None):
    source, destination = guests
    folder = host.scratch / 'broken'
    folder.mkdir()
    with open(folder / 'hole', 'wb') as hole:
        hole.truncate(ENDLESS)
    with sharing_viewer(tap, source, host, folder):
        with tap.need('a download and an upload end with an error'):
            check_broken_transfers(source, destination, folder, gate)
        source.stop()
        with tap.check('the next requests succeed, and nothing is left of the upload'):
            common.wait_for_status(destination, 207)
            common.check_equal('listing', destination.listing(), {'hole'})
            common.check_equal('PUT', destination.status('-T /etc/passwd', '/passwd'), 201)
            common.check_equal('GET', destination.run(f'curl -sf {common.URL}/passwd'),
                               destination.run('cat /etc/passwd'))
            common.check_no_debris(folder)
            common.check_equal('in the folder', set(os.listdir(folder)), {'hole', 'passwd'})


def test_semi_seamless(tap, guests, host):
    check_broken(tap, guests, host)


def test_switch_host(tap, guests, host):
    gate = Gate(guests[1].port)
    try:
        check_broken(tap, guests, host, gate)
    finally:
        gate.close()


def test_seamless(tap, guests, host):
    source, destination = guests
    folder = host.scratch / 'shared'
    folder.mkdir()
    (folder / 'noise').write_bytes(os.urandom(DOWN))

    with sharing_viewer(tap, source, host, folder):
        with tap.need('a download and an upload go on at the other host, byte for byte'):
            check_transfers(source, destination, folder)
        source.stop()
        with tap.check('the next requests succeed'):
            common.check_equal('listing', destination.listing(), {'noise', 'up'})
            common.check_equal('DELETE', destination.status('-X DELETE', '/up'), 204)
            common.check_no_debris(folder)


def run_test(tap, test, options, arguments, scratch):
    """With a guest, and a machine that waits for it."""
    host = common.Host(arguments, scratch)
    guests = [common.Guest(arguments.qemu_script, arguments.image, scratch / name)
              for name in ('source', 'destination')]
    failures = tap.failures
    try:
        with tap.check(f'{test.__name__} goes to its end'):
            guests[1].start('--incoming', boots=False)
            guests[0].start('--qmp', *options)
            test(tap, guests, host)
        if tap.failures > failures:
            for guest in guests:
                common.diagnose(f'{guest.run_dir.name} said:\n{guest.console()}')
    finally:
        for guest in guests:
            guest.stop()


def main():
    arguments = common.parse_arguments()
    common.STOCK_WARNINGS.extend(MIGRATION_WARNINGS)
    tap = common.Tap()
    with tempfile.TemporaryDirectory(prefix='spice-share-migration.') as directory:
        for test, options in ((test_seamless, []), (test_semi_seamless, ['--semi-seamless']),
                              (test_switch_host, [])):
            scratch = pathlib.Path(directory) / test.__name__
            scratch.mkdir()
            run_test(tap, test, options, arguments, scratch)
    print(f'1..{tap.count}')
    return 1 if tap.failures else 0


if __name__ == '__main__':
    sys.exit(main())
