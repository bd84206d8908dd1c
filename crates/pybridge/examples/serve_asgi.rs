//! Serves an application with nothing of the command line around it: `serve_asgi module:attribute [port]`.
use std::error::Error;

use pybridge::asgi::LifespanMode;
use pybridge::event_loop::LoopKind;
use pybridge::loader::AppTarget;
use pybridge::placement::SyncMode;
use pybridge::run::{self, ServeOptions};
use server::ServerConfig;
use server::listener::{BindAddress, bind};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let spec = arguments.next();
    let port = arguments.next().map_or(Ok(8000), |port| port.parse())?;
    pyo3::Python::initialize();
    let stopped = run::serve(
        ServeOptions {
            target: AppTarget { spec, factory: false, app_dir: ".".into() },
            server: ServerConfig::default(),
            listener: bind(&BindAddress::Tcp { host: "127.0.0.1".into(), port })?,
            backlog: 1024,
            loop_kind: LoopKind::Auto,
            lifespan: LifespanMode::Auto,
            worker_threads: None,
            sync_mode: SyncMode::Auto,
            direct_lane: true,
            access_log: None,
            root_path: String::new(),
        },
        |ready| println!("{} on {} with {}", ready.application, ready.address, ready.event_loop),
    )?;
    println!("{stopped:?}");
    Ok(())
}
