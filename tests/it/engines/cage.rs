//! What the cage takes away, tried from inside: by a thread that has closed it around itself.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::{UnixDatagram, UnixListener, UnixStream},
    path::Path,
    thread,
};

use bindery::engines::cage::{self, Cage, Engine};
use nix::sched::{CloneFlags, unshare};

/// Does something in a cage around an empty folder, which is then the current one of nobody.
fn inside<T: Send>(office: Option<&Path>, act: impl FnOnce(&Path) -> T + Send) -> T {
    let folder = tempfile::tempdir().unwrap();
    let prisoner = || {
        cage::enter(&Cage {
            folder: folder.path(),
            fonts: &["/usr/share/fonts".into()],
            engine: office.map(Engine::Office),
        })
        .unwrap();
        act(folder.path())
    };
    thread::scope(|scope| scope.spawn(prisoner).join().unwrap())
}

fn denied<T>(tried: io::Result<T>) -> bool {
    tried.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

const SOFFICE: &str = "/usr/lib/libreoffice/program/soffice.bin";

#[test]
fn a_host_reads_and_writes_in_its_own_folder_and_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    fs::write(&canary, "secret").unwrap();
    inside(None, |folder| {
        fs::write(folder.join("a"), "b").unwrap();
        assert_eq!(fs::read(folder.join("a")).unwrap(), b"b");
        assert!(denied(fs::read(&canary)), "it is read");
        assert!(denied(File::create(&canary)), "it is written");
        assert!(denied(fs::remove_file(&canary)), "it is removed");
        assert!(fs::hard_link(&canary, folder.join("link")).is_err(), "it is linked to");
        std::os::unix::fs::symlink(&canary, folder.join("symlink")).unwrap();
        assert!(denied(fs::read(folder.join("symlink"))), "it is read by a detour");
        assert!(denied(fs::read("/etc/passwd")));
        assert!(denied(fs::read_dir("/")));
    });
    assert_eq!(fs::read(&canary).unwrap(), b"secret");
}

#[test]
fn a_host_for_text_recognition_reads_its_data_and_no_other_file() {
    let (data, outside, work) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&data, &outside] {
        fs::write(folder.path().join("file"), "text").unwrap();
    }
    let prisoner = || {
        cage::enter(&Cage { folder: work.path(), fonts: &[], engine: Some(Engine::Ocr(data.path())) }).unwrap();
        assert_eq!(fs::read(data.path().join("file")).unwrap(), b"text");
        assert!(denied(File::create(data.path().join("file"))), "it is written");
        assert!(denied(fs::read(outside.path().join("file"))), "another is read");
        assert!(denied(UdpSocket::bind("127.0.0.1:0")));
    };
    thread::scope(|scope| scope.spawn(prisoner).join().unwrap());
}

#[test]
fn a_host_reaches_no_network_not_even_this_machine() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    for office in [None, Some(Path::new(SOFFICE))] {
        inside(office, |_| {
            assert!(denied(TcpStream::connect(address)));
            assert!(denied(TcpListener::bind("127.0.0.1:0")));
            assert!(denied(UdpSocket::bind("127.0.0.1:0")));
            assert!(denied(UdpSocket::bind("[::1]:0")));
        });
    }
}

#[test]
fn a_host_reaches_no_socket_of_another_service() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("service");
    let _service = UnixListener::bind(&path).unwrap();
    let letterbox = outside.path().join("letterbox");
    let _letterbox = UnixDatagram::bind(&letterbox).unwrap();
    for office in [None, Some(Path::new(SOFFICE))] {
        inside(office, |_| {
            assert!(denied(UnixStream::connect(&path)));
            assert!(denied(UnixDatagram::unbound().and_then(|socket| socket.send_to(b"x", &letterbox))));
        });
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is tried here is to start a program")]
fn a_host_starts_no_program_and_makes_no_process() {
    for office in [None, Some(Path::new(SOFFICE))] {
        inside(office, |_| assert!(denied(std::process::Command::new("/usr/bin/true").status())));
    }
}

#[test]
fn a_host_looks_into_no_other_process_and_changes_nothing_of_the_machine() {
    let parent = nix::unistd::getppid();
    for office in [None, Some(Path::new(SOFFICE))] {
        inside(office, |_| {
            let refused = |tried: nix::Result<()>| tried == Err(nix::Error::EPERM);
            assert!(refused(unshare(CloneFlags::CLONE_NEWUSER)));
            assert!(refused(unshare(CloneFlags::CLONE_NEWNET)));
            assert!(refused(nix::unistd::sethostname("other")));
            assert!(refused(nix::unistd::chroot("/")));
            assert!(denied(fs::read(format!("/proc/{parent}/environ"))));
        });
    }
}

#[test]
fn a_host_still_makes_threads_and_sees_its_fonts() {
    inside(None, |_| {
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
        assert!(fs::read_dir("/usr/share/fonts").is_ok());
    });
}
