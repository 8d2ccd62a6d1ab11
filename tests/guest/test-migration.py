#!/usr/bin/env python3
"""A guest with the distribution's own spice-webdavd and curl moves from one QEMU to another while it
reads and writes the share of a remote-viewer with our module, seamlessly. TAP on standard output.

Documents: QEMU's QMP reference (client_migrate_info, migrate, query-migrate, query-spice).

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import importlib.util
import json
import os
import pathlib
import sys
import tempfile

spec = importlib.util.spec_from_file_location('guest', pathlib.Path(__file__).with_name('test-guest.py'))
common = importlib.util.module_from_spec(spec)
spec.loader.exec_module(common)

# What the download is made of: more than the servers and sockets in between can hold.
DOWN = 160 << 20
UP = 24 << 20
# Both are under way while the machine is copied: bytes a second, as curl writes them.
DOWN_RATE = '12M'
UP_RATE = '1M'

# The machine's memory is copied at this speed, bytes a second: some seconds, as with a real one.
COPY_RATE = 96 << 20

MIGRATION_DEADLINE = 60

# The destination introduces its port, which spice-gtk knows from the source; the stock channel, too.
MIGRATION_WARNINGS = [
    r".*GSpice-CRITICAL \*\*: .*: port_handle_init: assertion 'c->name == NULL' failed",
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


def migrate(source, destination):
    """Moves the guest as libvirt does; the source is stopped, not ended, when this returns."""
    qmp = Qmp(source)
    qmp.run('client_migrate_info', protocol='spice', hostname='127.0.0.1', port=destination.port)
    qmp.run('migrate-set-parameters', **{'max-bandwidth': COPY_RATE})
    qmp.run('migrate', uri=f'unix:{destination.run_dir}/incoming')

    def ended():
        return qmp.run('query-migrate')['status'] in ('completed', 'failed', 'cancelled')
    common.wait_for('the machine is copied', MIGRATION_DEADLINE, ended)
    info = qmp.run('query-migrate')
    common.check_equal('migration', info['status'], 'completed')
    common.diagnose(f'copied in {info["total-time"]} ms, stopped for {info["downtime"]} ms')
    common.wait_for('the viewer has moved', MIGRATION_DEADLINE, lambda: qmp.run('query-spice')['migrated'])


def check_transfers(source, destination, folder):
    wanted = common.sha256(folder / 'noise')
    uploaded = source.run(f'head -c {UP} /dev/urandom >up; sha256sum up').split()[0]
    command = (f'(curl -sfS --limit-rate {DOWN_RATE} {common.URL}/noise | sha256sum) & '
               f'curl -sfS --limit-rate {UP_RATE} -T up {common.URL}/up && echo uploaded & wait')
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


def test_seamless(tap, guests, host):
    source, destination = guests
    folder = host.scratch / 'shared'
    folder.mkdir()
    (folder / 'noise').write_bytes(os.urandom(DOWN))
    host.set('share-dir', str(folder))

    with host.display(), host.viewer(['remote-viewer', source.uri], 'remote-viewer',
                                     GTK_MODULES=str(host.arguments.module)) as (process, log):
        with tap.need('the guest sees the folder'):
            common.wait_for_status(source, 207)
        viewer = common.child_of(process, 'remote-viewer')
        with tap.need('a download and an upload go on at the other host, byte for byte'):
            check_transfers(source, destination, folder)
        source.stop()
        with tap.check('the next requests succeed'):
            common.check_equal('listing', destination.listing(), {'noise', 'up'})
            common.check_equal('DELETE', destination.status('-X DELETE', '/up'), 204)
            common.check_no_debris(folder)
        with tap.check('remote-viewer still runs and has not complained'):
            common.check_equal('remote-viewer', common.child_of(process, 'remote-viewer'), viewer)
            common.check_equal('warnings', common.unexpected_warnings(log), [])


def main():
    arguments = common.parse_arguments()
    common.STOCK_WARNINGS.extend(MIGRATION_WARNINGS)
    tap = common.Tap()
    with tempfile.TemporaryDirectory(prefix='spice-share-migration.') as directory:
        scratch = pathlib.Path(directory)
        guests = [common.Guest(arguments.qemu_script, arguments.image, scratch / name)
                  for name in ('source', 'destination')]
        try:
            with tap.check('a guest, and a machine that waits for it'):
                guests[1].start('--incoming', boots=False)
                guests[0].start('--qmp')
            if not tap.failures:
                with tap.check('test_seamless goes to its end'):
                    test_seamless(tap, guests, common.Host(arguments, scratch))
            if tap.failures:
                common.diagnose(f'the guest said:\n{guests[0].console()}')
        finally:
            for guest in guests:
                guest.stop()
    print(f'1..{tap.count}')
    return 1 if tap.failures else 0


if __name__ == '__main__':
    sys.exit(main())
