#!/usr/bin/env python3
"""The stock remote-viewer with our module, on an X server of its own, seen as a screen reader sees it
and worked with mouse and keyboard, against a real SPICE server. Leaves a picture of each state in
--screens, for people to look at. TAP on standard output.

To be run by with-display.sh and dbus-run-session.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import argparse
import collections
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

START_DEADLINE = 30
DEADLINE = 15
END_DEADLINE = 10

SCHEMA = 'org.spice-space.webdav'
BUS_NAME = 'org.spice_space.Share1.p%d'
BUS_PATH = '/org/spice_space/Share1'

# VNC counts its displays from here (RFC 6143).
VNC_FIRST_PORT = 5900

# How much of the slow download the guest takes at a time, and how often.
SLOW_BYTES = 64 << 10
SLOW_PAUSE = 0.02
BIG = 32 << 20

# What would be ours to answer for; ATK's own, when a widget goes that is being read, is not.
OUR_CRITICALS = ['Gtk-CRITICAL', 'Gtk-WARNING', 'GLib-CRITICAL', 'GLib-GObject-CRITICAL']

# The button's name in the languages seen here, up to the state.
BUTTON_NAMES = {'en': 'Shared folder', 'de': 'Freigegebener Ordner'}

LOCALES = {'de': 'de_DE'}

Item = collections.namedtuple('Item', 'depth role name description x y width height states')


class Failed(Exception):
    """A check that did not hold; its text says which."""


def wait_for(what, poll, seconds=DEADLINE):
    """Polls until poll() returns something true, which is returned; a Failed after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = poll()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f'{what}: not within {seconds} s')
        time.sleep(0.1)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Server:
    """spice-rig: a real SPICE server whose guest is this test."""

    def __init__(self, program, folder, *more):
        self.guest_path = folder / 'guest'
        self.process = subprocess.Popen(
            [program, '--tcp', '0', *(more or ('--guest-socket', self.guest_path))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(' ')
            if word == 'port':
                self.port = int(rest)
            if word == 'ready':
                break
        if self.port is None:
            raise Failed('spice-rig did not start')
        # What it says later is of no interest, but must not fill the pipe.
        self.drain = subprocess.Popen(['cat'], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def close(self):
        self.process.stdin.close()
        self.process.wait(END_DEADLINE)
        self.drain.wait(END_DEADLINE)


class Qemu:
    """A virtual machine that is not running: it has a name, a UUID, a screen and the port; or VNC."""

    def __init__(self, name, uuid, vnc=False):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            ['qemu-system-x86_64', '-S', '-display', 'none', '-nodefaults', '-vga', 'std',
             '-accel', 'tcg', '-name', name, '-uuid', uuid,
             *(self.vnc() if vnc else self.spice())],
            stderr=subprocess.DEVNULL)
        wait_for('QEMU', self.listens)

    def spice(self):
        return ['-spice', f'port={self.port},addr=127.0.0.1,disable-ticketing=on',
                '-device', 'virtio-serial',
                '-chardev', 'spiceport,id=share,name=org.spice-space.webdav.0',
                '-device', 'virtserialport,chardev=share,name=org.spice-space.webdav.0']

    def vnc(self):
        return ['-vnc', f'127.0.0.1:{self.port - VNC_FIRST_PORT}']

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self.port)) == 0

    def close(self):
        self.process.terminate()
        self.process.wait(END_DEADLINE)


class Guest:
    """A program in the guest, behind spice-webdavd: frames of i64le id, u16le size, bytes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(DEADLINE)

    def send(self, client, data):
        self.socket.sendall(struct.pack('<qH', client, len(data)) + data)

    def get(self, client, path):
        self.send(client, f'GET {path} HTTP/1.1\r\nHost: localhost:9843\r\n\r\n'.encode())

    def read_some(self, size):
        return len(self.socket.recv(size))

    def close(self):
        self.socket.close()


class Viewer:
    """remote-viewer with the module, and what can be seen of it from outside."""

    def __init__(self, options, server, folder, command=None, **environment):
        self.options = options
        self.folder = folder
        self.log = tempfile.TemporaryFile('w+', dir=folder)
        self.environment = dict(
            os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder / 'config'),
            XDG_DATA_HOME=str(folder / 'data'), XDG_CACHE_HOME=str(folder / 'cache'),
            GTK_MODULES=options.module, GSETTINGS_SCHEMA_DIR=options.schema_dir,
            GSETTINGS_BACKEND='keyfile', GIO_USE_VFS='local', GIO_USE_VOLUME_MONITOR='unix',
            LC_ALL='C.UTF-8')
        self.environment.update(environment)
        language = environment.get('LANGUAGE', 'en')
        self.button_name = BUTTON_NAMES[language]
        if language != 'en':
            self.use_locale(LOCALES[language])
        if 'DESKTOP_FILE' in environment:
            applications = folder / 'data' / 'applications'
            applications.mkdir(parents=True)
            (applications / environment['DESKTOP_FILE']).write_text(
                '[Desktop Entry]\nType=Application\nName=Viewer\nExec=remote-viewer %u\n')
        self.process = subprocess.Popen(
            command or ['remote-viewer', f'spice://127.0.0.1:{server.port}'],
            env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)
        if command is None:
            self.wait_button()

    def wait_button(self):
        try:
            wait_for('the button in the header bar', self.button, START_DEADLINE)
        except Failed as failed:
            self.log.seek(0)
            raise Failed(f'{failed}; the viewer ({self.process.poll()}) said: {self.log.read()}; '
                         f'seen: {self.tree()}') from failed

    def use_locale(self, name):
        """Makes a locale that is not installed here, and uses it."""
        locales = self.folder / 'locale'
        locales.mkdir()
        run('localedef', '-i', name, '-f', 'UTF-8', str(locales / f'{name}.UTF-8'))
        self.environment.update(LOCPATH=str(locales), LC_ALL=f'{name}.UTF-8')

    def tree(self):
        """What a screen reader sees, as a list of Items from the outside in."""
        items = []
        for line in run(self.options.a11y_tree, str(self.process.pid)).splitlines():
            depth, role, name, description, x, y, width, height, states = line.split('\t')
            items.append(Item(int(depth), role, name, description, int(x), int(y), int(width),
                              int(height), states.split()))
        return items

    def find(self, role, name):
        """The first item of that role whose name contains name."""
        for item in self.tree():
            if item.role == role and name in item.name:
                return item
        return None

    def button(self):
        return self.find('toggle button', self.button_name)

    def wait_state(self, state):
        return wait_for(f'the button says {state}',
                        lambda: self.find('toggle button', f'{self.button_name}: {state}'))

    def click(self, item):
        run('xdotool', 'mousemove', str(item.x + item.width // 2), str(item.y + item.height // 2),
            'click', '1')

    def open_panel(self):
        if not self.panel_is_open():
            self.click(self.button())
        self.wait_still('toggle button', 'Share a folder with the guest')

    def wait_still(self, role, name):
        """Waits for an item, and until it moves no more: a panel slides open."""
        previous = None

        def still():
            nonlocal previous
            now = self.find(role, name)
            alike, previous = now is not None and now == previous, now
            return alike
        wait_for(f'{role} {name}', still)

    def panel_is_open(self):
        return 'checked' in self.button().states and self.switch()

    def switch(self):
        return self.find('toggle button', 'Share a folder with the guest')

    def key(self, *keys):
        window = run('xdotool', 'search', '--onlyvisible', '--class', 'remote-viewer').split()[-1]
        run('xdotool', 'windowfocus', '--sync', window)
        run('xdotool', 'key', *keys)

    def key_to_focus(self, *keys):
        """To the window that has the focus, which may be a dialog."""
        run('xdotool', 'key', *keys)

    def picture(self, name):
        """Waits until the mouse is out of the way and animations are over: two pictures alike."""
        run('xdotool', 'mousemove', '1000', '700')
        path = self.options.screens / f'{name}.png'
        previous = None

        def settled():
            nonlocal previous
            run('import', '-window', 'root', f'png32:{path}')
            now = run('identify', '-format', '%#', str(path))
            alike, previous = now == previous, now
            return alike
        try:
            wait_for('a still picture', settled, 3)
        except Failed:
            pass  # A moving progress bar; the last picture is as good as any.

    def set(self, key, value):
        subprocess.run(['gsettings', 'set', SCHEMA, key, value], env=self.environment, check=True)

    def get(self, key, schema=SCHEMA):
        return subprocess.run(['gsettings', 'get', schema, key], env=self.environment, check=True,
                              capture_output=True, text=True).stdout.strip()

    def spice_share(self, *words):
        """What the command says; its exit status is left in self.status."""
        done = subprocess.run([self.options.spice_share, *words], env=self.environment,
                              capture_output=True, text=True)
        self.status = done.returncode
        return done.stdout

    def bus(self, name):
        """A property of the channel on the bus, as gdbus prints it; None while there is none."""
        answer = subprocess.run(
            ['gdbus', 'call', '--session', '-d', BUS_NAME % self.process.pid,
             '-o', f'{BUS_PATH}/channel1', '-m', 'org.freedesktop.DBus.Properties.Get',
             'org.spice_space.Share1', name], capture_output=True, text=True)
        return answer.stdout.strip() if answer.returncode == 0 else None

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(END_DEADLINE)
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        before = ''
        for line in filter(None, text.splitlines()):
            # atk-bridge, asked about a widget that has just gone, complains twice: it has no states
            # (ATK's complaint), and then of the nothing it unrefs.
            of_atk = 'Atk-CRITICAL' in before and 'g_object_unref' in line
            before = line
            if '): spice-share-' in line or (
                    not of_atk and any(domain in line for domain in OUR_CRITICALS)):
                raise Failed(f'the viewer said: {line}')


def check(what, condition):
    if not condition:
        raise Failed(what)


class World:
    """A server, a guest, a folder to share and a viewer."""

    def __init__(self, options, **environment):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='spice-share-ui.'))
        self.photos = self.folder / 'photos'
        self.photos.mkdir()
        # Random, or compression would let the server swallow all of it at once.
        (self.photos / 'big.iso').write_bytes(os.urandom(BIG))
        self.other = self.folder / 'other'
        self.other.mkdir()
        settings = self.folder / 'config' / 'glib-2.0' / 'settings'
        settings.mkdir(parents=True)
        (settings / 'keyfile').write_text(
            f"[org/spice-space/webdav/ui]\nrecent-dirs=['{self.photos}', '{self.other}']\n")
        self.server = Server(options.spice_rig, self.folder)
        self.guest = Guest(self.server.guest_path)
        self.viewer = None
        try:
            self.viewer = Viewer(options, self.server, self.folder, **environment)
        except Exception:
            self.close()
            raise

    def share(self):
        self.viewer.set('share-dir', str(self.photos))

    def close(self):
        try:
            if self.viewer is not None:
                self.viewer.close()
        finally:
            self.guest.close()
            self.server.close()
            shutil.rmtree(self.folder)


def test_off_and_on(world):
    """Off; turned on and off again with the mouse."""
    viewer = world.viewer
    viewer.wait_state('Off')
    viewer.picture('off')
    viewer.open_panel()
    viewer.picture('off-panel')
    check('nothing is shared by itself', viewer.get('share-dir') == "''")
    viewer.click(viewer.switch())
    viewer.wait_state('Shared')
    check('the setting was written', viewer.get('share-dir') == f"'{world.photos}'")
    check('the bus knows it', 'true' in viewer.bus('Sharing'))
    viewer.picture('shared-panel')
    viewer.click(viewer.switch())
    viewer.wait_state('Off')
    check('the setting was emptied', viewer.get('share-dir') == "''")


def test_keyboard(world):
    """The panel by keyboard alone: mnemonics, Tab, Escape."""
    viewer = world.viewer
    world.share()
    viewer.wait_state('Shared')
    viewer.open_panel()
    viewer.key('alt+r')
    viewer.wait_state('Shared read-only')
    check('the setting was written', viewer.get('share-dir-ro') == 'true')
    viewer.picture('read-only-panel')
    viewer.key('alt+s')
    seen = set()
    for _ in range(8):
        viewer.key('Tab')
        seen.update(item.role for item in viewer.tree() if 'focused' in item.states)
    check(f'Tab reaches every kind of control, not only {seen}',
          {'check box', 'radio button'} <= seen)
    viewer.key('Escape')
    wait_for('Escape closes the panel', lambda: not viewer.panel_is_open())


def test_transfer(world):
    """A download the guest takes its time for, seen live."""
    viewer = world.viewer
    world.share()
    viewer.wait_state('Shared')
    world.guest.get(1, '/big.iso')
    deadline = time.monotonic() + START_DEADLINE
    taken = 0
    row = None
    while row is None:
        taken += world.guest.read_some(SLOW_BYTES)
        if taken > BIG // 4 or time.monotonic() > deadline:
            raise Failed('no row for the download')
        time.sleep(SLOW_PAUSE)
        if taken > 1 << 20:
            viewer.open_panel()
            row = viewer.find('progress bar', 'big.iso')
    check('the row says where to', row.name == 'big.iso, to the guest')
    viewer.wait_state('Transferring')
    for _ in range(60):
        world.guest.read_some(SLOW_BYTES)
        time.sleep(SLOW_PAUSE)
    row = wait_for('the row says how far and how fast',
                   lambda: (lambda r: r if r and '/s' in r.description else None)(
                       viewer.find('progress bar', 'big.iso')))
    check('of how much', ' of 33.6' in row.description)
    viewer.picture('transferring-panel')
    check('the bus knows it', 'big.iso' in run(
        'gdbus', 'call', '--session', '-d', BUS_NAME % viewer.process.pid,
        '-o', f'{BUS_PATH}/channel1', '-m', 'org.spice_space.Share1.GetTransfers'))


def test_error(world):
    """A folder that is not there: said, and what to do."""
    viewer = world.viewer
    viewer.set('share-dir', '/srv/no/such folder')
    button = viewer.wait_state('Error')
    check(f'the sentence names the folder: {button.description}',
          'such folder' in button.description)
    viewer.open_panel()
    viewer.picture('error-panel')
    world.share()
    viewer.wait_state('Shared')


def test_refused(world):
    """What the guest may not do: said where the person looks, until it may."""
    viewer = world.viewer
    viewer.set('share-dir-ro', 'true')
    world.share()
    viewer.wait_state('Shared read-only')
    world.guest.send(1, b'PUT /new HTTP/1.1\r\nHost: localhost:9843\r\nContent-Length: 0\r\n\r\n')
    viewer.open_panel()
    wait_for('the panel says it', lambda: viewer.find('label', '“PUT /new” was refused'))
    viewer.picture('refused-panel')
    viewer.key('alt+r')
    viewer.wait_state('Shared')
    wait_for('it is over', lambda: not viewer.find('label', 'was refused'))


def test_waiting(world):
    """The guest's daemon goes and comes."""
    viewer = world.viewer
    world.share()
    viewer.wait_state('Shared')
    world.guest.close()
    viewer.wait_state('Waiting for the guest')
    viewer.open_panel()
    viewer.picture('waiting-panel')
    world.guest = Guest(world.server.guest_path)
    viewer.wait_state('Shared')


def preferences(viewer):
    """The viewer's own dialog: the first menu of the header bar, or its last."""
    menus = [item for item in viewer.tree() if item.role == 'toggle button' and item.name == 'Menu']
    for menu in menus:
        viewer.click(menu)
        time.sleep(0.5)
        entry = next((item for item in viewer.tree() if item.name.startswith('Preferences')), None)
        if entry is not None:
            viewer.click(entry)
            return wait_for('the dialog', lambda: viewer.find('check box', 'Share folder'))
        viewer.key('Escape')
    raise Failed('no Preferences')


def test_preferences(world):
    """virt-viewer's own box tells the truth, and works."""
    viewer = world.viewer
    world.share()
    viewer.wait_state('Shared')
    box = preferences(viewer)
    wait_for('the box is ticked', lambda: 'checked' in viewer.find('check box', 'Share folder').states)
    viewer.picture('preferences')
    viewer.click(box)
    viewer.wait_state('Off')
    check('the viewer took the channel down', 'false' in viewer.bus('Ready'))
    viewer.click(box)
    viewer.wait_state('Shared')
    # Emptied: the box follows, and the channel stays up.
    viewer.set('share-dir', '')
    viewer.wait_state('Off')
    wait_for('the box is not ticked',
             lambda: 'checked' not in viewer.find('check box', 'Share folder').states)
    check('the channel stays up', 'true' in viewer.bus('Ready'))
    # Ticked again on a channel that is up: the viewer itself would do nothing.
    viewer.click(box)
    wait_for('sharing again', lambda: 'true' in viewer.bus('Sharing'))


def test_choose(world):
    """A folder chosen from those used before, and the dialog for others."""
    viewer = world.viewer
    viewer.open_panel()
    viewer.click(viewer.find('combo box', 'photos'))
    viewer.click(wait_for('the list of folders', lambda: viewer.find('menu item', 'other')))
    viewer.wait_state('Shared')
    check('the other folder is shared', str(world.other) in viewer.bus('SharedDir'))
    check('it is the setting', viewer.get('share-dir') == f"'{world.other}'")
    recent = viewer.get('recent-dirs', SCHEMA + '.ui')
    check(f'and the latest of the recent ones: {recent}', recent.startswith(f"['{world.other}'"))
    viewer.open_panel()
    viewer.click(viewer.find('combo box', 'other'))
    viewer.click(wait_for('the last entry', lambda: viewer.find('menu item', 'Other')))
    wait_for('the dialog', lambda: viewer.find('file chooser', 'Choose the folder'))
    viewer.picture('choose-dialog')
    viewer.key_to_focus('Escape')
    wait_for('the dialog goes', lambda: not viewer.find('file chooser', 'Choose the folder'))
    check('nothing has changed', str(world.other) in viewer.bus('SharedDir'))


def test_drop(world):
    """A folder dragged onto the button."""
    viewer = world.viewer
    viewer.wait_state('Off')
    source = subprocess.Popen([viewer.options.drag_source, world.photos], stdout=subprocess.PIPE,
                              text=True, env=dict(viewer.environment, GTK_MODULES=''))
    try:
        word, x, y = source.stdout.readline().split()
        check('the source is there', word == 'ready')
        button = viewer.button()
        run('xdotool', 'mousemove', x, y, 'mousedown', '1')
        # GTK wants to see the pointer move: a drag begins after a few pixels.
        for step in range(1, 11):
            run('xdotool', 'mousemove',
                str(int(x) + (button.x + button.width // 2 - int(x)) * step // 10),
                str(int(y) + (button.y + button.height // 2 - int(y)) * step // 10))
            time.sleep(0.05)
        run('xdotool', 'mouseup', '1')
        viewer.wait_state('Shared')
        check('it is what was dropped', str(world.photos) in viewer.bus('SharedDir'))
    finally:
        source.kill()
        source.wait()
        source.stdout.close()


def test_full_screen(world):
    """The bar of the full screen has the button too, and stays while its panel is open."""
    viewer = world.viewer
    world.share()
    viewer.wait_state('Shared')
    # Only a window manager makes a window fill the screen.
    manager = subprocess.Popen(['openbox'], env=dict(viewer.environment, GTK_MODULES=''),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for('the window manager', lambda: 'window id' in run(
            'xprop', '-root', '_NET_SUPPORTING_WM_CHECK'))
        width = int(run('xdotool', 'getdisplaygeometry').split()[0])
        viewer.click(next(item for item in viewer.tree()
                          if item.role == 'push button' and item.name == ''
                          and 'sensitive' in item.states))
        # The bar comes down when the pointer is at the upper edge, and only then.
        run('xdotool', 'mousemove', str(width // 2), '400')
        wait_for('the header bar goes', lambda: viewer.button() is None)
        run('xdotool', 'mousemove', str(width // 2), '0')
        run('xdotool', 'mousemove', str(width // 2 + 1), '0')
        wait_for('the bar of the full screen', lambda: (lambda b: b and b.y >= -1)(viewer.button()))
        viewer.click(viewer.button())
        wait_for('the panel', viewer.switch)
        # Longer than the bar stays by itself, with the pointer elsewhere.
        viewer.picture('full-screen-panel')
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            check('the panel stays', viewer.switch())
        viewer.click(viewer.switch())
        wait_for('it works', lambda: 'false' in viewer.bus('Sharing'))
    finally:
        manager.kill()
        manager.wait(END_DEADLINE)


VMS = {
    'web': '12345678-9abc-def0-0102-0304050607ff',
    'mail': '12345678-9abc-def0-0102-030405060700',
}


def test_two_machines(world):
    """Two virtual machines at once, each with a folder of its own, and what is for all."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(contextlib.closing(Qemu(name, uuid)))
                   for name, uuid in VMS.items()]
        world.viewer.set('share-dir', str(world.photos))
        web = stack.enter_context(contextlib.closing(
            Viewer(world.options, servers[0], world.folder)))
        web.wait_state('Waiting for the guest')
        check('what is for all', str(world.photos) in web.bus('SharedDir'))

        # Its own from here on, by the panel.
        web.open_panel()
        web.click(web.find('radio button', 'For this one only (web)'))
        wait_for('the override', lambda: web.get(
            'override', f'{SCHEMA}.vm:/org/spice-space/webdav/vm/{VMS["web"]}/') == 'true')
        web.key_to_focus('Escape')
        wait_for('the panel closes', lambda: not web.switch())

        mail = stack.enter_context(contextlib.closing(
            Viewer(world.options, servers[1], world.folder)))
        wait_for('the second one is up', lambda: 'true' in (mail.bus('Sharing') or ''))
        check('it has what is for all', str(world.photos) in mail.bus('SharedDir'))
        said = web.spice_share('set', '--vm', 'mail', str(world.other))
        check(f'one of them is told: {said}', said == f'mail: shares {world.other}\n')
        check('the second has its own', str(world.other) in mail.bus('SharedDir'))
        check('the first has its own', str(world.photos) in web.bus('SharedDir'))

        # What is for all concerns neither now.
        web.set('share-dir', '')
        wait_for('the viewer of nothing special', lambda: 'false' in world.viewer.bus('Sharing'))
        check('the first goes on', 'true' in web.bus('Sharing'))
        check('the second goes on', 'true' in mail.bus('Sharing'))
        lines = web.spice_share('status').splitlines()
        check(f'status knows all of them: {lines}', len(lines) == 3)


def test_notifications(world):
    """What nobody at the window asked for is told; what the person there did is not."""
    viewer = world.viewer
    heard = world.folder / 'heard'
    with open(heard, 'w') as file:
        monitor = subprocess.Popen(['dbus-monitor', "interface='org.freedesktop.Notifications'"],
                                   stdout=file)
    try:
        def is_told(what):
            return what in heard.read_text()
        wait_for('the monitor', lambda: is_told('NameAcquired'))
        viewer.set('share-dir', '/srv/nowhere')
        wait_for('the error is told', lambda: is_told('cannot be shared'))
        check('with the sentence', is_told('/srv/nowhere'))
        viewer.open_panel()
        viewer.click(viewer.find('combo box', ''))
        viewer.click(wait_for('the list of folders', lambda: viewer.find('menu item', 'other')))
        viewer.wait_state('Shared')
        check('nobody is told what he did', not is_told('is now shared'))
        # Longer than it takes to forget who asked.
        deadline = time.monotonic() + 6
        wait_for('some time', lambda: time.monotonic() > deadline)
        viewer.set('share-dir', '')
        wait_for('the end is told', lambda: is_told('any more'))
        viewer.set('share-dir', str(world.photos))
        wait_for('the beginning is told', lambda: is_told('is now shared with spice-rig'))
    finally:
        monitor.terminate()
        monitor.wait(END_DEADLINE)


def test_notifications_by_application(world):
    """A viewer whose desktop file is installed speaks for itself, so that the desktop knows who."""
    heard = world.folder / 'heard'
    with open(heard, 'w') as file:
        monitor = subprocess.Popen(['dbus-monitor', "interface='org.freedesktop.Notifications'"],
                                   stdout=file)
    try:
        wait_for('the monitor', lambda: 'NameAcquired' in heard.read_text())
        world.viewer.set('share-dir', '/srv/nowhere')
        wait_for('the error is told', lambda: 'cannot be shared' in heard.read_text())
        check('by the application', 'desktop-entry' in heard.read_text())
    finally:
        monitor.terminate()
        monitor.wait(END_DEADLINE)


def test_spicy(world):
    """A viewer without a header bar: nothing is added, sharing works."""
    with contextlib.closing(Qemu('web', VMS['web'])) as server, contextlib.closing(
            Viewer(world.options, server, world.folder,
                   ['spicy', '-h', '127.0.0.1', '-p', str(server.port)])) as spicy:
        wait_for('the window', lambda: spicy.find('frame', 'spice'), START_DEADLINE)
        spicy.set('share-dir', str(world.photos))
        wait_for('sharing', lambda: 'true' in (spicy.bus('Sharing') or ''), START_DEADLINE)
        check('no button', spicy.button() is None)


def test_vnc(world):
    """A virtual machine that is no SPICE one: the module keeps out of its window."""
    with contextlib.closing(Qemu('web', VMS['web'], vnc=True)) as server, contextlib.closing(
            Viewer(world.options, server, world.folder,
                   ['remote-viewer', f'vnc://127.0.0.1:{server.port}'])) as viewer:
        wait_for('the window of the machine', lambda: viewer.find('frame', '(web)'), START_DEADLINE)
        # Connected, and drawn: what is drawn later is not ours.
        wait_for('its screen', lambda: viewer.find('drawing area', ''), START_DEADLINE)
        viewer.picture('vnc')
        check('no button', viewer.button() is None)
        check('nothing on the bus', BUS_NAME % viewer.process.pid not in run(
            'gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/',
            '-m', 'org.freedesktop.DBus.ListNames'))
        check('the doctor knows why', f'Viewer {viewer.process.pid} shows no SPICE virtual machine'
              in viewer.spice_share('doctor'))


def test_doctor(world):
    """What the doctor finds of viewers that run: without the port, without the module, and ours."""
    viewer = world.viewer
    with contextlib.ExitStack() as stack:
        # One each: the second viewer of a server ends the first.
        others = [stack.enter_context(contextlib.closing(
            Server(world.options.spice_rig, world.folder, '--no-port'))) for _ in range(2)]
        portless = stack.enter_context(contextlib.closing(
            Viewer(world.options, others[0], world.folder)))
        plain = stack.enter_context(contextlib.closing(
            Viewer(world.options, others[1], world.folder,
                   ['remote-viewer', f'spice://127.0.0.1:{others[1].port}'], GTK_MODULES='')))
        check('a machine without the port says so',
              'no port for a shared folder' in portless.button().description)
        said = wait_for('the doctor sees the plain viewer', lambda: (
            lambda text: text if f'Viewer {plain.process.pid} runs without' in text else None)(
                viewer.spice_share('doctor')))
        check('something is wrong', viewer.status == 1)
        check('the machine without the port', f'Viewer {portless.process.pid} has the module' in said)
        check('and how to add it', '-chardev spiceport,' in said and '<channel type=' in said)
        check('ours shares nothing', f'(viewer {viewer.process.pid}): no folder is shared' in said)

        world.share()
        viewer.wait_state('Shared')
        check('nobody has asked', f'(viewer {viewer.process.pid}): ready, but no program'
              in viewer.spice_share('doctor'))
        world.guest.get(1, '/')
        world.guest.read_some(SLOW_BYTES)
        wait_for('it is used', lambda: f'(viewer {viewer.process.pid}): “{world.photos}” is shared'
                 in viewer.spice_share('doctor'))
        check('nothing was refused', 'requests refused' not in viewer.spice_share('doctor'))
        viewer.set('share-dir-ro', 'true')
        viewer.wait_state('Shared read-only')
        world.guest.send(2, b'PUT /new HTTP/1.1\r\nHost: localhost:9843\r\nContent-Length: 0\r\n\r\n')
        said = wait_for('a change was refused', lambda: (
            lambda text: text if 'requests refused: 1 of 2' in text else None)(
                viewer.spice_share('doctor')))
        check('which, and why', ': PUT /new\n    The guest tried to change' in said)
        check('status knows it', '"reason":"read-only","request":"PUT /new"'
              in viewer.spice_share('status', '--json'))
        world.guest.close()
        viewer.wait_state('Waiting for the guest')
        said = viewer.spice_share('doctor')
        check('the daemon is gone', f'(viewer {viewer.process.pid}): the guest has not' in said)
        check('and how to start it', 'systemctl start spice-webdavd' in said)


def test_headless(world):
    """Without a viewer: found, told and stopped from outside like one."""
    with contextlib.closing(Qemu('web', VMS['web'])) as server, contextlib.closing(
            Viewer(world.options, server, world.folder,
                   [world.options.spice_share, '--headless',
                    f'spice://127.0.0.1:{server.port}'])) as headless:
        pid = headless.process.pid
        wait_for('it is up', lambda: f'{pid}\tweb\toff' in headless.spice_share('status'))
        said = headless.spice_share('set', '--vm', 'web', '--ro', str(world.photos))
        check(f'it is told: {said}', said == f'web: shares {world.photos} (read-only)\n')
        check('it shares', f'{pid}\tweb\twaiting\tro\t{world.photos}'
              in headless.spice_share('status'))


def test_german(world):
    """The same in German, every word of it."""
    viewer = world.viewer
    world.share()
    wait_for('sharing', lambda: 'true' in (viewer.bus('Sharing') or ''))
    viewer.click(viewer.button())
    viewer.wait_still('check box', '')
    viewer.picture('german-panel')
    english = ['Shared folder', 'The guest can', 'Folder', 'Read-only', 'For all', 'For this one']
    for item in viewer.tree():
        check(f'{item.name} is German', not any(word in item.name for word in english))
    viewer.click(viewer.find('check box', ''))
    wait_for('it works', lambda: 'true' in viewer.bus('ReadOnly'))
    viewer.set('share-dir', '/srv/nirgends')
    wait_for('the error', lambda: '/srv/nirgends' in viewer.button().description)
    check('in German', 'does not exist' not in viewer.button().description)


def test_light(world):
    """The same in a light theme."""
    world.share()
    world.viewer.wait_state('Shared')
    world.viewer.open_panel()
    world.viewer.picture('light-panel')


TESTS = [
    (test_off_and_on, {}),
    (test_keyboard, {}),
    (test_transfer, {}),
    (test_error, {}),
    (test_refused, {}),
    (test_waiting, {}),
    (test_preferences, {}),
    (test_choose, {}),
    (test_drop, {}),
    (test_full_screen, {}),
    (test_two_machines, {}),
    (test_notifications, {}),
    (test_notifications_by_application, {'DESKTOP_FILE': 'org.virt-manager.virt-viewer.desktop'}),
    (test_spicy, {}),
    (test_vnc, {}),
    (test_doctor, {}),
    (test_headless, {}),
    (test_german, {'LANGUAGE': 'de'}),
    (test_light, {'GTK_THEME': 'Adwaita'}),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--module', required=True)
    parser.add_argument('--schema-dir', required=True)
    parser.add_argument('--spice-share', required=True)
    parser.add_argument('--spice-rig', required=True)
    parser.add_argument('--a11y-tree', required=True)
    parser.add_argument('--drag-source', required=True)
    parser.add_argument('--screens', required=True, type=pathlib.Path)
    parser.add_argument('only', nargs='*')
    options = parser.parse_args()
    options.screens.mkdir(parents=True, exist_ok=True)
    # GTK takes a module's path for one only if it is absolute.
    for name in ('module', 'schema_dir', 'spice_rig', 'spice_share', 'a11y_tree', 'drag_source'):
        setattr(options, name, os.path.abspath(getattr(options, name)))

    tests = [test for test in TESTS
             if not options.only or test[0].__name__.removeprefix('test_') in options.only]
    print(f'1..{len(tests)}', flush=True)
    failed = False
    for number, (function, environment) in enumerate(tests, 1):
        name = function.__name__.removeprefix('test_')
        try:
            world = World(options, **environment)
            try:
                function(world)
            except Exception:
                if world.viewer is None:
                    raise
                world.viewer.picture(f'failed-{name}')
                print('\n'.join(f'# {item}' for item in world.viewer.tree()), flush=True)
                raise
            finally:
                world.close()
            print(f'ok {number} {name}', flush=True)
        except Exception as error:
            failed = True
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            sentence = str(error).replace('\n', ' ')
            print(f'not ok {number} {name}: {sentence}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
