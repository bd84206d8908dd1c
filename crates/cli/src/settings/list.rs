//! The list itself.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use server::TrustedProxies;

use super::layer::{settings, unraw};
use super::values::{FastApiMode, Lane, Lifespan, LogLevel, LoopKind, Placement, Seconds, Size, Workers};

settings! {
    optional {
        /// The application: module:attribute, for example main:app; found by itself when left out.
        #[arg(value_name = "MODULE:ATTRIBUTE", help_heading = "Application")]
        app: String,
        /// The virtual environment whose packages the application uses [default: the activated one, else .venv].
        #[arg(value_name = "DIRECTORY", help_heading = "Application")]
        venv: PathBuf,
        /// Listen on this Unix-domain socket instead of a port.
        #[arg(value_name = "PATH", help_heading = "Listening")]
        uds: PathBuf,
        /// Threads for the sockets in each worker [default: one a core, at most 8].
        #[arg(value_name = "COUNT", help_heading = "Processes")]
        threads: NonZeroUsize,
        /// Largest request body of any kind, streamed ones and uploads included [default: no limit].
        #[arg(value_name = "BYTES", help_heading = "Limits")]
        max_body_size: Size,
    }
    values {
        /// Directory that the application is imported from.
        #[arg(value_name = "DIRECTORY", help_heading = "Application")]
        app_dir: PathBuf = PathBuf::from("."),
        /// What `import fastapi` gives the application.
        #[arg(value_enum, help_heading = "Application")]
        fastapi: FastApiMode = FastApiMode::Auto,
        /// Event loop of coroutines; auto takes uvloop where it can be imported.
        #[arg(value_enum, help_heading = "Application")]
        r#loop: LoopKind = LoopKind::Auto,
        /// How requests reach the application; general takes the ASGI call for all of them.
        #[arg(value_enum, help_heading = "Application")]
        lane: Lane = Lane::Auto,
        /// Where sync callables run; auto starts in the pool and promotes what has proved short.
        #[arg(value_enum, help_heading = "Application")]
        sync: Placement = Placement::Auto,

        /// Whether the application is told about start and stop; auto asks it.
        #[arg(value_enum, help_heading = "Application")]
        lifespan: Lifespan = Lifespan::Auto,
        /// Prefix under which a proxy publishes the application.
        #[arg(value_name = "PATH", help_heading = "Application")]
        root_path: String = String::new(),

        /// Name or address to listen on.
        #[arg(help_heading = "Listening")]
        host: String = "127.0.0.1".to_owned(),
        /// Port to listen on; 0 takes a free one.
        #[arg(help_heading = "Listening")]
        port: u16 = 8000,
        /// Connections that may wait to be accepted.
        #[arg(value_name = "COUNT", help_heading = "Listening")]
        backlog: u32 = 2048,

        /// Worker processes that share the port, or auto for one a core.
        #[arg(value_name = "COUNT", help_heading = "Processes")]
        workers: Workers = Workers::ONE,

        /// What is logged.
        #[arg(value_enum, help_heading = "Logging")]
        log_level: LogLevel = LogLevel::Info,

        /// Seconds for a complete request head.
        #[arg(value_name = "SECONDS", help_heading = "Timeouts")]
        header_read_timeout: Seconds = Seconds::new(10),
        /// Seconds that a connection may be idle between two requests.
        #[arg(value_name = "SECONDS", help_heading = "Timeouts")]
        keep_alive_timeout: Seconds = Seconds::new(75),
        /// Seconds in which a request body that is waited for has to make progress.
        #[arg(value_name = "SECONDS", help_heading = "Timeouts")]
        body_timeout: Seconds = Seconds::new(20),
        /// Seconds that a write may be stuck because the client does not read.
        #[arg(value_name = "SECONDS", help_heading = "Timeouts")]
        write_timeout: Seconds = Seconds::new(30),
        /// Seconds that requests in flight get to finish once a stop was asked for.
        #[arg(value_name = "SECONDS", help_heading = "Timeouts")]
        graceful_timeout: Seconds = Seconds::new(30),

        /// Largest request head.
        #[arg(value_name = "BYTES", help_heading = "Limits")]
        max_header_bytes: Size = Size(64_000),
        /// Largest number of header fields.
        #[arg(value_name = "COUNT", help_heading = "Limits")]
        max_headers: usize = 100,
        /// Connections served at the same time by a worker; further ones wait.
        #[arg(value_name = "COUNT", help_heading = "Limits")]
        max_connections: usize = 65_536,
        /// Largest request body that is held in memory (JSON, urlencoded, form parts without a file).
        #[arg(value_name = "BYTES", help_heading = "Limits")]
        in_memory_body_limit: Size = Size::mebibytes(8),
        /// Streams that a client may have open on one HTTP/2 connection.
        #[arg(value_name = "COUNT", help_heading = "Limits")]
        http2_max_concurrent_streams: u32 = 200,

        /// Largest WebSocket message, after decompression.
        #[arg(value_name = "BYTES", help_heading = "WebSockets")]
        websocket_max_message_size: Size = Size::mebibytes(16),
        /// WebSocket messages that may wait in each direction before the other side is held back.
        #[arg(value_name = "COUNT", help_heading = "WebSockets")]
        websocket_queue: usize = 32,
        /// Seconds between two pings; 0 turns them off.
        #[arg(value_name = "SECONDS", help_heading = "WebSockets")]
        websocket_ping_interval: Seconds = Seconds::new(20),
        /// Seconds to wait for a sign of life after a ping.
        #[arg(value_name = "SECONDS", help_heading = "WebSockets")]
        websocket_ping_timeout: Seconds = Seconds::new(20),

        /// Proxies that are believed about client address and scheme (X-Forwarded-For, X-Forwarded-Proto): addresses and
        /// networks with commas between them, or * for all.
        #[arg(value_name = "LIST", help_heading = "HTTP")]
        forwarded_allow_ips: TrustedProxies = TrustedProxies::loopback(),
        /// Value of the Server response header; empty sends none.
        #[arg(value_name = "TEXT", help_heading = "HTTP")]
        server_header: String = "fastrapi".to_owned(),
    }
    switches {
        /// The attribute is a function that makes the application.
        #[arg(help_heading = "Application")]
        factory = false,
        /// Keep the server in processes of their own and replace those that die. Without it one process does all,
        /// which debuggers need.
        #[arg(help_heading = "Processes")]
        supervisor = true,
        /// Log a line for each request.
        #[arg(help_heading = "Logging")]
        access_log = true,
        /// Serve HTTP/1.1.
        #[arg(help_heading = "HTTP")]
        http1 = true,
        /// Serve HTTP/2 to clients that begin with it.
        #[arg(help_heading = "HTTP")]
        http2 = true,
        /// Believe the proxies of forwarded_allow_ips.
        #[arg(help_heading = "HTTP")]
        proxy_headers = true,
        /// Send a Date response header.
        #[arg(help_heading = "HTTP")]
        date_header = true,
        /// Compress WebSocket messages where the client offers it.
        #[arg(help_heading = "WebSockets")]
        websocket_compression = true,
    }
}
