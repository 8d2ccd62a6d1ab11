#!/usr/bin/env python3
"""The main job on real input: a Linux guest in QEMU, with the distribution's own spice-webdavd and
curl, reads and writes files of the host through the stock remote-viewer with our module, and through
spice-share --headless. TAP on standard output.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

BOOT_DEADLINE = 120
SHARE_DEADLINE = 40
COMMAND_DEADLINE = 150
END_DEADLINE = 15

WEBDAV_CHANNEL = 11
USBREDIR_CHANNEL = 9

URL = 'http://localhost:9843'
BIG = 6 << 20

SCHEMA = 'org.spice-space.webdav'

# Where uploads wait until they are whole; there while the folder is shared, and hidden from the guest.
STAGING_PREFIX = '.spice-share-'

# What the stock viewer says of its own accord in a bare X session (seen without our module), as
# patterns that have to match the whole line after the time.
STOCK_WARNINGS = [
    r'.*GSpice-WARNING \*\*: .*: Warning no automount-inhibiting implementation available',
    r'.*GSpice-WARNING \*\*: .*: PulseAudio context failed .*',
    r'.*GSpice-WARNING \*\*: .*: pa_context_connect\(\) failed: .*',
]


class Failed(Exception):
    """A check that did not hold; its text says which."""


def wait_for(what, seconds, poll):
    """Polls until poll() returns something true, which is returned; a Failed after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = poll()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f'{what}: not within {seconds} s')
        time.sleep(0.1)


def check_equal(what, seen, wanted):
    if seen != wanted:
        raise Failed(f'{what}: {seen!r} instead of {wanted!r}')


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def end_process(process, what):
    """Asks the process group to end; what is left after the deadline is killed, and that is a failure."""
    if process.poll() is not None:
        return process.returncode
    os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.wait(END_DEADLINE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Failed(f'{what} did not end within {END_DEADLINE} s of SIGTERM') from None


class Guest:
    """The machine in QEMU, and a shell in it by the test port (see the script agent)."""

    def __init__(self, script, image, run_dir):
        self.script = script
        self.image = image
        self.run_dir = run_dir
        self.port = None
        self.control = None

    @property
    def uri(self):
        return f'spice://127.0.0.1:{self.port}'

    def start(self, *options, boots=True):
        for attempt in range(5):
            with socket.socket() as probe:
                probe.bind(('127.0.0.1', 0))
                self.port = probe.getsockname()[1]
            environment = dict(os.environ, QEMU_SPICE_PORT=str(self.port))
            run = subprocess.run([self.script, 'start', self.run_dir, self.image, *options],
                                 env=environment, capture_output=True, text=True,
                                 stdin=subprocess.DEVNULL)
            if run.returncode == 0:
                break
            diagnose(run.stderr)
            if 'in use' not in run.stderr:
                raise Failed('QEMU does not start')
        else:
            raise Failed('no free port for QEMU')
        check_equal('the line to connect with',
                    f'remote-viewer {self.uri}' in run.stdout, True)

        self.control = self.connect('control')
        if boots:
            wait_for('the guest boots', BOOT_DEADLINE,
                     lambda: 'guest: up' in self.console())

    def connect(self, name):
        """A socket of the run folder, by way of a descriptor: its path may have 108 bytes only."""
        connection = socket.socket(socket.AF_UNIX)
        directory = os.open(self.run_dir, os.O_PATH)
        try:
            connection.connect(f'/proc/self/fd/{directory}/{name}')
        finally:
            os.close(directory)
        return connection

    def console(self):
        return (self.run_dir / 'console.log').read_text(errors='replace')

    def stop(self):
        if self.control:
            self.control.close()
            self.control = None
        subprocess.run([self.script, 'stop', self.run_dir], check=True, stdout=subprocess.DEVNULL,
                       stdin=subprocess.DEVNULL)

    def send(self, command):
        """Has the guest run a line of shell."""
        self.control.sendall(command.encode() + b'\n')

    def answer(self, command):
        """The status and output of what was sent last."""
        self.control.settimeout(COMMAND_DEADLINE)
        answer = b''
        while not (end := re.search(rb'\x01(\d+)\n\Z', answer)):
            try:
                data = self.control.recv(1 << 16)
            except TimeoutError:
                raise Failed(f'in the guest: {command}: no end within {COMMAND_DEADLINE} s') from None
            if not data:
                raise Failed('the guest is gone')
            answer += data
        return int(end[1]), answer[:end.start()].decode()

    def ask(self, command):
        """Runs a line of shell in the guest: its status and output."""
        self.send(command)
        return self.answer(command)

    def run(self, command):
        status, output = self.ask(command)
        if status != 0:
            raise Failed(f'in the guest: {command}: status {status}: {output}')
        return output

    def status(self, arguments, path='/'):
        """The HTTP status that curl gets in the guest, 0 for none within 3 s."""
        output = self.ask(f'curl -s -m 3 -o /dev/null -w "%{{http_code}}" {arguments} {URL}{path}')[1]
        if not output.isdigit():
            raise Failed(f'in the guest: curl said {output!r}')
        return int(output)

    def listing(self):
        """The names in the share as the guest sees them."""
        answer = self.run(f'curl -sf -X PROPFIND -H "Depth: 1" {URL}/')
        names = set()
        for href in ElementTree.fromstring(answer).iterfind('{DAV:}response/{DAV:}href'):
            path = urllib.parse.unquote(urllib.parse.urlparse(href.text).path)
            names.add(path.strip('/'))
        return names - {''}


class Host:
    """What the viewer's side needs: folders, settings of their own, a display."""

    def __init__(self, arguments, scratch):
        self.arguments = arguments
        self.scratch = scratch
        self.environment = {
            'PATH': os.environ['PATH'],
            'HOME': str(scratch / 'home'),
            'XDG_RUNTIME_DIR': str(scratch / 'runtime'),
            'LC_ALL': 'C.UTF-8',
            'TMPDIR': str(scratch),
            'GSETTINGS_BACKEND': 'keyfile',
            'GSETTINGS_SCHEMA_DIR': str(arguments.schema_dir),
            'NO_AT_BRIDGE': '1',
            'GIO_USE_VFS': 'local',
            'GDK_BACKEND': 'x11',
        }
        (scratch / 'home').mkdir()
        (scratch / 'runtime').mkdir(mode=0o700)

    def set(self, key, value):
        subprocess.run(['gsettings', 'set', SCHEMA, key, value], env=self.environment, check=True,
                       stdin=subprocess.DEVNULL)

    @contextlib.contextmanager
    def display(self):
        read_end, write_end = os.pipe()
        server = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write_end), '-screen', '0', '1024x768x24', '-nolisten', 'tcp'],
            pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(write_end)
        try:
            with os.fdopen(read_end) as numbers:
                number = numbers.readline().strip()
            if not number:
                raise Failed('Xvfb does not start')
            self.environment['DISPLAY'] = f':{number}'
            yield
        finally:
            self.environment.pop('DISPLAY', None)
            end_process(server, 'Xvfb')

    @contextlib.contextmanager
    def viewer(self, command, name, **extra):
        """Runs a viewer until the block is left; gives (process, its log's path)."""
        log = self.scratch / f'{name}.log'
        with open(log, 'w') as output:
            process = subprocess.Popen(
                ['dbus-run-session', '--', *command], env=dict(self.environment, **extra),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)
        try:
            yield process, log
        except BaseException:
            diagnose(f'{name} said:\n{log.read_text(errors="replace")}')
            raise
        finally:
            end_process(process, name)


def child_of(process, program):
    """The pid of the program that a wrapper has started, None while there is none."""
    children = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    for child in children:
        with contextlib.suppress(FileNotFoundError):
            if os.path.basename(os.readlink(f'/proc/{child}/exe')) == program:
                return int(child)
    return None


def diagnose(text):
    for line in text.splitlines():
        print('#', line)
    sys.stdout.flush()


class Tap:
    """One line of TAP per check; a check that throws has failed, and the next one runs."""

    def __init__(self):
        self.count = 0
        self.failures = 0
        self.last_failed = False

    @contextlib.contextmanager
    def check(self, name):
        try:
            yield
        except (Failed, OSError, subprocess.CalledProcessError, ElementTree.ParseError) as error:
            self.end(name, error)
        else:
            self.end(name, None)

    @contextlib.contextmanager
    def need(self, name):
        """A check without which those that follow in the same block make no sense."""
        with self.check(name):
            yield
        if self.last_failed:
            raise Failed(f'the rest needs: {name}')

    def end(self, name, error):
        self.count += 1
        self.last_failed = error is not None
        self.failures += self.last_failed
        print(f'{"not ok" if error else "ok"} {self.count} - {name}')
        if error:
            diagnose(str(error))
        sys.stdout.flush()


def channels(arguments, uri, wanted):
    run = subprocess.run([arguments.list_channels, uri, str(wanted)], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL)
    diagnose(run.stderr)
    check_equal('list-channels ends with', run.returncode, 0)
    return [int(line.split()[0]) for line in run.stdout.splitlines()]


def fill(folder):
    """A folder with what people have in folders."""
    folder.mkdir()
    (folder / 'noise').write_bytes(os.urandom(BIG))
    (folder / 'text').write_bytes(b'It was a bright cold day in April, and so on. ' * (BIG // 46))
    (folder / 'empty').touch()
    (folder / 'Grüße & more #1 100%.txt').write_text('Grüße\n')
    (folder / 'a folder').mkdir()
    (folder / 'a folder' / 'inside.txt').write_text('inside\n')


def names_in(folder):
    return {name for name in os.listdir(folder) if not name.startswith(STAGING_PREFIX)}


def check_no_debris(folder):
    wait_for(f'only what people put there is in {folder.name}', SHARE_DEADLINE,
             lambda: names_in(folder) == set(os.listdir(folder)))


def wait_for_status(guest, status):
    wait_for(f'the guest gets {status}', SHARE_DEADLINE,
             lambda: guest.status('-X PROPFIND -H "Depth: 0"') == status)


def check_reading(guest, folder):
    check_equal('listing', guest.listing(), names_in(folder))
    for name in ('noise', 'text', 'empty', 'Grüße & more #1 100%.txt', 'a folder/inside.txt'):
        url = f'{URL}/{urllib.parse.quote(name)}'
        seen = guest.run(f'curl -sfS {shlex.quote(url)} | sha256sum').split()[0]
        check_equal(f'sum of {name}', seen, sha256(folder / name))


def check_writing(guest, folder):
    before = names_in(folder)
    for name, size in (('from the guest', BIG), ('small', 10), ('nothing', 0)):
        url = shlex.quote(f'{URL}/{urllib.parse.quote(name)}')
        wanted = guest.run(f'head -c {size} /dev/urandom >up; curl -sfS -T up {url}; '
                           'test $? = 0 && sha256sum up').split()[0]
        check_equal(f'sum of {name}', sha256(folder / name), wanted)
        guest.run(f'curl -sfS {url} | cmp - up')
    check_equal('left in the folder', names_in(folder),
                before | {'from the guest', 'small', 'nothing'})
    for name in ('from%20the%20guest', 'small', 'nothing'):
        guest.run(f'curl -sfS -X DELETE {URL}/{name}')
    check_equal('left after DELETE', names_in(folder), before)


def check_parallel(guest, folder):
    """More at once than one connection can hide, both ways."""
    down = ' '.join(f'(curl -sfS {URL}/noise | sha256sum) &' for _ in range(4))
    up = ' '.join(f'curl -sfS -T up {URL}/up{i} &' for i in range(4))
    sums = guest.run(f'head -c 1500000 /dev/urandom >up; sha256sum up; {down} {up} wait')
    seen = [line.split()[0] for line in sums.splitlines()]
    check_equal('downloads', seen[1:], [sha256(folder / 'noise')] * 4)
    for i in range(4):
        check_equal(f'upload {i}', sha256(folder / f'up{i}'), seen[0])
        (folder / f'up{i}').unlink()


def unexpected_warnings(log):
    lines = re.findall(r'^.*(?:WARNING|CRITICAL|ERROR) \*\*.*$', log.read_text(errors='replace'),
                       re.MULTILINE)
    return [line for line in lines
            if not any(re.fullmatch(pattern, line) for pattern in STOCK_WARNINGS)]


def test_remote_viewer(tap, guest, host):
    folder = host.scratch / 'shared'
    other = host.scratch / 'other'
    fill(folder)
    other.mkdir()
    (other / 'elsewhere').write_text('elsewhere\n')
    host.set('share-dir', '')
    module = str(host.arguments.module)

    with host.display(), host.viewer(['remote-viewer', guest.uri], 'remote-viewer',
                                     GTK_MODULES=module) as (process, log):
        with tap.need('remote-viewer loads the module; nothing set means nothing shared'):
            viewer = wait_for('remote-viewer runs', SHARE_DEADLINE,
                              lambda: child_of(process, 'remote-viewer'))
            wait_for('the module is mapped', SHARE_DEADLINE,
                     lambda: module in pathlib.Path(f'/proc/{viewer}/maps').read_text())
        with tap.need('a folder set in a running viewer appears in the guest'):
            host.set('share-dir', str(folder))
            wait_for_status(guest, 207)
        with tap.check('remote-viewer: the guest reads'):
            check_reading(guest, folder)
        with tap.check('remote-viewer: the guest writes'):
            check_writing(guest, folder)
        with tap.check('remote-viewer: eight transfers at once'):
            check_parallel(guest, folder)
        with tap.check('read-only set while running'):
            host.set('share-dir-ro', 'true')
            wait_for('a PUT is refused', SHARE_DEADLINE,
                     lambda: guest.status('-X PUT -d x', '/new') == 403)
            check_equal('GET', guest.status('', '/empty'), 200)
            host.set('share-dir-ro', 'false')
        with tap.check('another folder set while running'):
            host.set('share-dir', str(other))
            wait_for('the guest sees it', SHARE_DEADLINE,
                     lambda: guest.status('', '/elsewhere') == 200)
            check_equal('listing', guest.listing(), {'elsewhere'})
            check_no_debris(folder)
        with tap.check('the folder unset while running'):
            host.set('share-dir', '')
            wait_for_status(guest, 503)
        with tap.check('remote-viewer still runs and has not complained'):
            check_equal('remote-viewer', child_of(process, 'remote-viewer'), viewer)
            check_equal('warnings', unexpected_warnings(log), [])


def test_headless(tap, guest, host):
    folder = host.scratch / 'headless'
    fill(folder)
    command = [host.arguments.spice_share, '--headless', '--share-dir', folder, guest.uri]
    with host.viewer(command, 'headless') as (process, log):
        with tap.need('spice-share --headless shares'):
            wait_for_status(guest, 207)
        with tap.check('headless: the guest reads'):
            check_reading(guest, folder)
        with tap.check('headless: the guest writes'):
            check_writing(guest, folder)
        # What uploads are staged in goes when the share has been idle: a process that ends does not wait.
        with tap.check('headless leaves nothing behind'):
            check_no_debris(folder)
        with tap.check('headless has not complained'):
            check_equal('warnings', unexpected_warnings(log), [])


def test_boots(tap, guest, arguments):
    """Gives whether the guest runs; the tests that need it make no sense without."""
    with tap.check('test-qemu-all: boots, advertises webdav and usbredir'):
        try:
            guest.start('--usb')
            check_equal('usbredir among the channels',
                        USBREDIR_CHANNEL in channels(arguments, guest.uri, WEBDAV_CHANNEL)
                        or USBREDIR_CHANNEL in channels(arguments, guest.uri, USBREDIR_CHANNEL), True)
        finally:
            guest.stop()
    with tap.check(f'test-qemu-webdav: boots, advertises channel type {WEBDAV_CHANNEL}'):
        guest.start()
        check_equal('webdav among the channels',
                    WEBDAV_CHANNEL in channels(arguments, guest.uri, WEBDAV_CHANNEL), True)
        return True
    return False


def absolute_path(text):
    return pathlib.Path(text).absolute()


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--qemu-script', type=pathlib.Path, required=True)
    parser.add_argument('--image', type=pathlib.Path, required=True)
    parser.add_argument('--list-channels', type=pathlib.Path, required=True)
    parser.add_argument('--module', type=absolute_path, required=True)
    parser.add_argument('--spice-share', type=absolute_path, required=True)
    parser.add_argument('--schema-dir', type=pathlib.Path, required=True)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='spice-share-guest.') as directory:
        scratch = pathlib.Path(directory)
        guest = Guest(arguments.qemu_script, arguments.image, scratch / 'run')
        try:
            if test_boots(tap, guest, arguments):
                host = Host(arguments, scratch)
                for test in (test_remote_viewer, test_headless):
                    with tap.check(f'{test.__name__} goes to its end'):
                        test(tap, guest, host)
            if tap.failures:
                diagnose(f'the guest said:\n{guest.console()}')
        finally:
            guest.stop()
    print(f'1..{tap.count}')
    return 1 if tap.failures else 0


if __name__ == '__main__':
    sys.exit(main())
