//! nginx in front of a server, extracted from Debian's package by `scripts/test`.

use std::env;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::debian::{free_address, program};
use super::{Server, eventually, path};

/// A running nginx that denies everything but three paths to the server's `/ws`: `/ws`,
/// `/forgotten` without the lines that an upgrade needs, and `/ported`, which sends the port in a
/// separate header. It is killed when this is dropped.
pub(crate) struct Nginx {
    child: Child,
    address: String,
    directory: PathBuf,
}

impl Nginx {
    /// Starts nginx in front of a server. Returns `None`, with a line on stderr, if nginx is not
    /// installed; in CI it must be.
    pub(crate) fn before(server: &Server) -> Option<Self> {
        let mut command = program("usr/sbin/nginx", "-v")?;
        let address = free_address();
        let directory = env::temp_dir().join(format!("wamp-nginx-{address}").replace(':', "-"));
        fs::create_dir_all(&directory).expect("a directory for temporary files");
        let path = directory.join("nginx.conf");
        fs::write(&path, configuration(&directory, &address, server.address()))
            .expect("it can be written");
        let child = command
            .args(["-e", "stderr", "-p"])
            .args([&directory, Path::new("-c"), &path])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx can be run");
        let mut nginx = Self { child, address, directory };
        eventually("nginx listens", || {
            let ended = nginx.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "nginx has ended: {ended:?}");
            TcpStream::connect(&nginx.address).is_ok()
        });
        Some(nginx)
    }

    /// `127.x.y.z:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.directory).ok();
    }
}

const UPGRADE: &str = r#"
                    proxy_http_version 1.1;
                    proxy_set_header Upgrade $http_upgrade;
                    proxy_set_header Connection "upgrade";
"#;

fn configuration(directory: &Path, address: &str, server: &str) -> String {
    let (directory, path) = (directory.display(), path());
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|of| format!("{of}_temp_path {directory}/{of};\n"))
        .concat();
    format!(
        r#"
        daemon off;
        master_process off;
        pid {directory}/nginx.pid;
        events {{}}
        http {{
            access_log off;
            {folders}
            upstream server {{ server {server}; keepalive 8; }}
            server {{
                listen {address};
                location = {path} {{
                    proxy_pass http://server;
                    proxy_request_buffering off;
                    {UPGRADE}
                    proxy_set_header Host $http_host;
                }}
                location = /ported {{
                    proxy_pass http://server{path};
                    {UPGRADE}
                    proxy_set_header Host $host;
                    proxy_set_header X-Forwarded-Port $server_port;
                }}
                location = /forgotten {{ proxy_pass http://server{path}; }}
                location / {{ return 403; }}
            }}
        }}
        "#
    )
}
