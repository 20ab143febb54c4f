"""Finding programs, and installing packages without leaving services, units or a policy behind."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from firedrill.core.errors import FiredrillError, Refused
from firedrill.stack import install, quietly

GOOD = {"prometheus": "prometheus, version 2.53.1 (branch: HEAD)", "alertmanager": "alertmanager, version 0.27.0 (branch: HEAD)"}


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH but an empty folder, and FIREDRILL_BIN to fill."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("FIREDRILL_BIN", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "bin"


def test_the_programs_of_this_machine_are_found_and_new_enough_each_time() -> None:
    assert install.missing() == []
    assert install.find("prometheus") == install.find("prometheus")
    assert set(install.programs()) == {"prometheus", "alertmanager"}


def test_the_named_folder_comes_before_path(own: Path, tmp_path: Path) -> None:
    program(tmp_path / "path", "prometheus", GOOD["prometheus"])
    named = program(own, "prometheus", GOOD["prometheus"].replace("2.53.1", "3.1.0"))
    assert install.find("prometheus") == install.Program("prometheus", named, "3.1.0")
    named.unlink()
    assert install.find("prometheus") == install.Program("prometheus", tmp_path / "path" / "prometheus", "2.53.1")


@pytest.mark.parametrize("command", ["alertmanager", "prometheus-alertmanager"])
def test_alertmanager_goes_by_two_names(own: Path, command: str) -> None:
    path = program(own, command, GOOD["alertmanager"])
    assert install.find("alertmanager") == install.Program("alertmanager", path, "0.27.0")


def test_what_is_absent_is_said_with_its_oldest_version(own: Path) -> None:
    assert install.find("prometheus") is None
    assert install.missing() == [
        "prometheus 2.42 or newer is neither in the folder FIREDRILL_BIN nor on PATH",
        "alertmanager 0.25 or newer is neither in the folder FIREDRILL_BIN nor on PATH",
    ]
    assert install.packages() == ["prometheus", "prometheus-alertmanager"]
    with pytest.raises(FiredrillError, match=r"`firedrill stack install` installs the distribution's packages$"):
        install.programs()


def test_only_the_package_that_is_absent_is_wanted(own: Path) -> None:
    program(own, "prometheus", GOOD["prometheus"])
    assert install.packages() == ["prometheus-alertmanager"]


def test_a_program_that_is_too_old_is_refused_and_not_installed_over(own: Path) -> None:
    path = program(own, "prometheus", "prometheus, version 2.9.2")  # as text 2.9 would come after 2.42
    assert install.missing()[0] == f"{path} is version 2.9.2, and at least 2.42 is needed"
    with pytest.raises(Refused, match=r"Remove it from PATH, or name a folder with a newer one in FIREDRILL_BIN$"):
        install.install(pytest.fail)


def test_a_program_that_does_not_say_its_version_is_refused(own: Path) -> None:
    path = program(own, "prometheus", "hello")
    assert install.missing()[0] == f"{path} does not say its version when asked with --version"


def test_debians_alertmanager_without_its_template_is_explained(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "DEBIAN_TEMPLATE", tmp_path / "default.tmpl")
    path = program(own, "prometheus-alertmanager", "alertmanager, version 0.25.0 (branch: debian/sid)")
    assert install.missing()[1] == (
        f"{path} is Debian's, which ends at once without {tmp_path}/default.tmpl: install its package instead of unpacking it"
    )
    (tmp_path / "default.tmpl").touch()
    assert len(install.missing()) == 1


def test_a_machine_without_apt_is_refused_in_a_sentence(own: Path) -> None:
    with pytest.raises(Refused, match=r"^there is no apt-get here to install prometheus and prometheus-alertmanager: "):
        install.install(pytest.fail)


def test_a_user_without_sudo_is_told_what_root_would_run(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "path", "apt-get", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Refused, match=r"needs root, .* or `apt-get install --no-install-recommends prometheus prometheus-alertmanager`$"):
        install.install(pytest.fail)


def test_nothing_is_done_when_both_are_there() -> None:
    said: list[str] = []
    install.install(said.append)
    assert said == ["Prometheus and Alertmanager are installed already: nothing to do."]


def test_installing_starts_and_enables_nothing_and_puts_all_back(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = debian(tmp_path / "root")
    policy = root / "usr/sbin/policy-rc.d"
    system = root / "etc/systemd/system/multi-user.target.wants"
    apt = program(tmp_path / "path", "apt-get", "")
    apt.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"open({str(tmp_path / 'seen')!r}, 'a').write(' '.join(sys.argv[1:]) + '; ' + open({str(policy)!r}).read().splitlines()[-1])\n"
        f"os.symlink('/lib/x', {str(system / 'prometheus.service')!r})\n"
    )
    program(tmp_path / "path", "apt-cache", "Package: prometheus")
    said: list[str] = []
    install.as_root(["prometheus"], said.append, root)
    assert (tmp_path / "seen").read_text() == "-q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends prometheus; exit 101"
    assert list(system.iterdir()) == [system / "ssh.service"]
    assert not policy.exists()
    assert said == ["Disabled again, as the packages had enabled them: prometheus.service."]


def test_package_lists_are_read_first_when_they_lack_the_package(own: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program(tmp_path / "path", "apt-get", "").write_text(f'#!/bin/sh\necho "$4" >> {seen}\n')
    program(tmp_path / "path", "apt-cache", "").write_text("#!/bin/sh\nexit 100\n")
    install.as_root(["prometheus"], lambda _: None, debian(tmp_path / "root"))
    assert seen.read_text().split() == ["update", "install"]


def test_a_failed_installation_ends_with_apts_last_words_and_all_put_back(own: Path, tmp_path: Path) -> None:
    program(tmp_path / "path", "apt-get", "").write_text("#!/bin/sh\necho 'E: no space left'\nexit 100\n")
    program(tmp_path / "path", "apt-cache", "")
    root = debian(tmp_path / "root")
    with pytest.raises(FiredrillError, match=r"failed with exit code 100:\nE: no space left$"):
        install.as_root(["prometheus"], lambda _: None, root)
    assert list((root / "usr/sbin").iterdir()) == []


def debian(root: Path) -> Path:
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "ssh.service").symlink_to("/lib/systemd/system/ssh.service")
    (root / "etc/rc2.d").mkdir()
    (root / "usr/sbin").mkdir(parents=True)
    return root


def test_a_policy_that_stands_there_comes_back_exactly(tmp_path: Path) -> None:
    policy = debian(tmp_path) / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o744)
    before = policy.stat()
    with contextlib.suppress(KeyError), quietly.starts_denied(tmp_path):
        assert subprocess.run([policy], check=False).returncode == 101
        raise KeyError
    after = policy.stat()
    assert (after.st_ino, stat.S_IMODE(after.st_mode), after.st_mtime_ns) == (before.st_ino, 0o744, before.st_mtime_ns)
    assert list(policy.parent.iterdir()) == [policy]


def test_a_policy_that_is_a_dangling_link_comes_back_as_one(tmp_path: Path) -> None:
    policy = debian(tmp_path) / "usr/sbin/policy-rc.d"
    policy.symlink_to("/etc/alternatives/none")
    with quietly.starts_denied(tmp_path):
        assert policy.read_text() == quietly.OURS
    assert policy.readlink() == Path("/etc/alternatives/none")


@pytest.mark.parametrize("stood", [True, False])
def test_what_a_killed_installation_left_is_put_right_by_the_next(tmp_path: Path, stood: bool) -> None:
    policy = debian(tmp_path) / "usr/sbin/policy-rc.d"
    if stood:
        policy.write_text("theirs")
    killed = (
        "import os, sys, pathlib; from firedrill.stack import quietly\nwith quietly.starts_denied(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", killed, tmp_path], check=False).returncode == 9
    assert policy.read_text() == quietly.OURS
    with quietly.starts_denied(tmp_path):
        pass
    assert [(one, one.read_text()) for one in policy.parent.iterdir()] == ([(policy, "theirs")] if stood else [])


def test_only_what_was_newly_enabled_of_prometheus_is_disabled(tmp_path: Path) -> None:
    wants = debian(tmp_path) / "etc/systemd/system/multi-user.target.wants"
    (wants / "prometheus.service").symlink_to("/lib/x")
    said: list[str] = []
    with quietly.nothing_newly_enabled(tmp_path, said.append):
        (wants / "prometheus-alertmanager.service").symlink_to("/lib/x")
        (wants / "prometheus-node-exporter-apt.timer").symlink_to("/lib/x")
        (wants / "cron.service").symlink_to("/lib/x")
        (tmp_path / "etc/rc2.d/S01prometheus-alertmanager").symlink_to("../init.d/x")
    assert quietly.enabled(tmp_path) == {"ssh.service", "prometheus.service", "cron.service"}
    assert said == [
        "Disabled again, as the packages had enabled them: "
        "prometheus-alertmanager, prometheus-alertmanager.service, prometheus-node-exporter-apt.timer."
    ]


def test_a_signal_waits_until_the_installation_is_done() -> None:
    done: list[str] = []

    def installation() -> None:
        with quietly.signals_waiting(done.append):
            signal.raise_signal(signal.SIGINT)
            done.append("installed")
        done.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        installation()
    assert done == ["Finishing the installation first, so that nothing is left half done.", "installed"]
