"""A hub of real processes on this machine: a broker and an agent for each company, and the command `consign` to talk to them."""
import json
import os
import random
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """The play cannot go on; the words say why."""


class Hub:
    """
    Everything lies in one folder: hub (the administrator), hub/broker, a home for each company, NAME.log for each process.
    detached: the processes are to outlive the terminal that they were started from.
    """

    def __init__(self, programs, folder, detached):
        self.programs, self.folder, self.detached = programs, folder, detached
        self.processes = {}

    def home(self, name):
        return os.path.join(self.folder, 'hub/broker' if name == 'broker' else name)

    def run(self, name, *words):
        """`consign` at a home: its exit status, and its output in bytes. Its words for people go to setup.log."""
        with open(os.path.join(self.folder, 'setup.log'), 'ab') as log:
            done = subprocess.run([os.path.join(self.programs, 'consign'), '--home', self.home(name), *words],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, check=False)
        return done.returncode, done.stdout

    def must(self, name, *words):
        status, output = self.run(name, *words)
        if status != 0:
            raise Failed(f'consign {" ".join(words[:2])} at {name} ended with {status}; setup.log says why')
        return output

    def ask(self, name, *words):
        """The lines of --json. What is refused ends with 1 and answers all the same."""
        return [json.loads(line) for line in self.run(name, *words, '--json')[1].splitlines()]

    def start(self, name):
        program = 'consign-broker' if name == 'broker' else 'consign-agent'
        with open(os.path.join(self.folder, name + '.log'), 'ab') as log:
            self.processes[name] = subprocess.Popen([os.path.join(self.programs, program), '--home', self.home(name)],
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=self.detached)

    def kill(self, name):
        """As a power cut would end it."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop_all(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def until(self, what, condition, seconds=60):
        """Asks again until the answer is true."""
        deadline = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Failed(f'{name} ended by itself; {name}.log says why')
            if time.monotonic() > deadline:
                raise Failed(f'waited in vain for {what}')
            time.sleep(0.02)

    def make(self, companies, policy, study):
        """A hub, its broker, the companies joined and approved, the policy in force. Gives back the port and their fingerprints."""
        port = free_port()
        self.must('hub', 'hub', 'init', '--name', 'ACME-301 pilot', '--endpoint', f'tcp://127.0.0.1:{port}', '--no-passphrase')
        self.start('broker')
        self.until('the broker', lambda: self.run('hub', 'org', 'list')[0] == 0)
        fingerprints = {}
        for company in companies:
            org = company['org']
            invite = os.path.join(self.folder, org + '.invite')
            with open(invite, 'wb') as file:
                file.write(self.must('hub', 'org', 'invite', org, '--name', company['name']))
            self.must(org, 'join', invite, '--no-passphrase')
            # Here the company reads six words out on the telephone, and the administrator types what is heard.
            fingerprints[org] = self.must(org, 'fingerprint').decode().strip()
            self.must('hub', 'org', 'approve', org, '--fingerprint', fingerprints[org])
            self.start(org)
        self.must('hub', 'policy', 'apply', policy, '--reason', f'study {study} begins')
        for company in companies:
            self.until(f'{company["org"]} to learn the policy', lambda org=company['org']: self.knows_study(org, study))
        return port, fingerprints

    def knows_study(self, org, study):
        answer = self.ask(org, 'policy', 'explain', '--from', org, '--to', 'biomake' if org == 'acme' else 'acme', '--study', study,
                          '--type', 'x.any')
        return bool(answer) and answer[0]['code'] != 'STUDY_UNKNOWN' and answer[0]['code'] != 'NOT_A_PARTY'


def free_port():
    """Below the range from which the kernel takes ports for connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass
