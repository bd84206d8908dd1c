//! A small application on the bare server, with the routes that a black-box HTTP hardening harness asks for.
//!
//! Usage: `contract PORT`; `$HARDENING_STATIC` names the folder served below `/static`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;
use server::body::channel;
use server::layers::cors::{Cors, CorsConfig};
use server::layers::gzip::Gzip;
use server::layers::{CorsLayer, GzipLayer};
use server::listener::{BindAddress, bind};
use server::routing::{Lookup, MethodSet, Pattern, RouteTable, RouteTableBuilder};
use server::static_files::{StaticFileError, StaticFiles};
use server::websocket::{self, Message, WebSocket};
use tower::ServiceBuilder;

use server::{Request, Response, ResponseBody, ServerConfig, ShutdownController, WebSocketConfig};

#[derive(Debug, Clone, Copy)]
enum Route {
    Text(&'static str),
    Contract,
    Echo,
    Bytes,
    Stream,
    Sleep,
    Block,
    Pid,
    Header,
    SetCookie,
    Redirect,
    EchoSocket,
    FloodSocket,
    Gzip,
    File,
    Static,
}

fn routes() -> RouteTable<Route> {
    let mut table = RouteTableBuilder::new();
    let mut add = |methods: &[Method], path: &str, route| {
        let methods = if methods.is_empty() {
            MethodSet::any()
        } else {
            methods.iter().cloned().collect()
        };
        match Pattern::parse(path) {
            Ok(pattern) => table.push(methods, pattern, route),
            Err(error) => unreachable!("{error}"),
        };
    };
    let get = [Method::GET, Method::HEAD];
    add(&get, "/health", Route::Text("ok"));
    add(&get, "/contract", Route::Contract);
    add(&[], "/echo", Route::Echo);
    add(&[], "/echo/{rest:path}", Route::Echo);
    add(&[Method::POST], "/unread", Route::Text("unread"));
    add(&get, "/bytes/{n:int}", Route::Bytes);
    add(&get, "/stream/{n:int}/{ms:int}", Route::Stream);
    add(&get, "/sleep/{ms:int}", Route::Sleep);
    add(&get, "/block/{ms:int}", Route::Block);
    add(&get, "/pid", Route::Pid);
    add(&get, "/header", Route::Header);
    add(&get, "/setcookie", Route::SetCookie);
    add(&get, "/redirect", Route::Redirect);
    add(&get, "/slashes/", Route::Text("slashes"));
    add(&get, "/gzip", Route::Gzip);
    add(&get, "/file", Route::File);
    add(&[], "/static/{path:path}", Route::Static);
    add(&get, "/ws/echo", Route::EchoSocket);
    add(&get, "/ws/flood/{n:int}", Route::FloodSocket);
    table.build()
}

#[derive(Clone)]
struct Contract {
    routes: Arc<RouteTable<Route>>,
    files: StaticFiles,
}

impl tower::Service<Request> for Contract {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (routes, files) = (Arc::clone(&self.routes), self.files.clone());
        Box::pin(async move { Ok(dispatch(&routes, &files, request).await) })
    }
}

async fn dispatch(routes: &RouteTable<Route>, files: &StaticFiles, request: Request) -> Response {
    let Ok(path) = percent_encoding::percent_decode_str(request.uri().path())
        .decode_utf8()
        .map(String::from)
    else {
        return status(StatusCode::BAD_REQUEST, "path is not UTF-8");
    };
    match routes.lookup(request.method(), &path) {
        Lookup::Found {
            value: Route::Static,
            params,
            ..
        } => {
            let wanted = params.into_iter().next().map_or("", |range| &path[range]);
            file(files, &request, wanted).await
        }
        Lookup::Found {
            value: Route::File, ..
        } => file(files, &request, "big.bin").await,
        Lookup::Found { value, params, .. } => {
            let numbers: Vec<u64> = params
                .into_iter()
                .map(|range| path[range].parse().unwrap_or(0))
                .collect();
            answer(*value, &numbers, request).await
        }
        Lookup::MethodNotAllowed { .. } => status(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        Lookup::RedirectSlash { path } => redirect(&path),
        Lookup::NotFound => status(StatusCode::NOT_FOUND, "Not Found"),
    }
}

async fn file(files: &StaticFiles, request: &Request, path: &str) -> Response {
    match files.respond(request.method(), request.headers(), path).await {
        Ok(response) => response,
        Err(StaticFileError::NotFound) => status(StatusCode::NOT_FOUND, "Not Found"),
        Err(StaticFileError::MethodNotAllowed) => {
            status(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
        Err(StaticFileError::PermissionDenied) => status(StatusCode::UNAUTHORIZED, "Unauthorized"),
        Err(StaticFileError::Unusual { length }) => {
            let mut response = status(StatusCode::RANGE_NOT_SATISFIABLE, "");
            if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, range);
            }
            response
        }
        Err(StaticFileError::Io(error)) => status(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn answer(route: Route, numbers: &[u64], request: Request) -> Response {
    let number = |index: usize| numbers.get(index).copied().unwrap_or(0);
    match route {
        Route::Text(text) => Response::new(text.into()),
        Route::Contract => {
            json_response(&json!({"name": "server", "features": ["ws", "static", "gzip", "cors"]}))
        }
        Route::Echo => echo(request).await,
        Route::Bytes => {
            let size = usize::try_from(number(0)).unwrap_or(0).min(256 << 20);
            Response::new(ResponseBody::full(vec![b'x'; size]))
        }
        Route::Stream => stream(number(0), number(1)),
        Route::Sleep => {
            tokio::time::sleep(Duration::from_millis(number(0).min(60_000))).await;
            pid()
        }
        Route::Block => {
            let pause = Duration::from_millis(number(0).min(60_000));
            match tokio::task::spawn_blocking(move || std::thread::sleep(pause)).await {
                Ok(()) => pid(),
                Err(error) => status(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            }
        }
        Route::Gzip => Response::new("hello world ".repeat(8534).into()),
        Route::Static | Route::File => status(StatusCode::NOT_FOUND, "Not Found"),
        Route::Pid => pid(),
        Route::Header => with_header(header::HeaderName::from_static("x-reflect"), &query(&request)),
        Route::SetCookie => with_header(header::SET_COOKIE, &format!("c={}", query(&request))),
        Route::Redirect => redirect(&query(&request)),
        Route::EchoSocket => socket(request, |mut socket| async move {
            while let Ok(message) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }),
        Route::FloodSocket => {
            let count = number(0);
            socket(request, move |socket| async move {
                let data = Bytes::from(vec![b'f'; 65_536]);
                for _ in 0..count {
                    if socket.send(Message::Binary(data.clone())).await.is_err() {
                        return;
                    }
                }
                socket.close(1000, "").await;
            })
        }
    }
}

async fn echo(request: Request) -> Response {
    let (head, body) = request.into_parts();
    match body.collect(64 << 20).await {
        Ok(body) => {
            let headers: Vec<_> = head
                .headers
                .iter()
                .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
                .collect();
            json_response(&json!({
                "method": head.method.as_str(), "path": head.uri.path(), "query": head.uri.query().unwrap_or(""),
                "headers": headers, "len": body.len(),
            }))
        }
        Err(server::BodyError::Limit { .. }) => status(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        Err(server::BodyError::Timeout) => status(StatusCode::REQUEST_TIMEOUT, "too slow"),
        Err(error) => status(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn stream(chunks: u64, pause: u64) -> Response {
    let (sender, receiver) = channel(4);
    tokio::spawn(async move {
        for _ in 0..chunks {
            if sender.send(Bytes::from_static(&[b's'; 1024])).await.is_err() {
                return;
            }
            if pause > 0 {
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
        // The client may be gone by now; there is nobody to tell.
        drop(sender.finish().await);
    });
    Response::new(ResponseBody::Channel(receiver))
}

fn socket<F>(mut request: Request, run: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    match websocket::upgrade(&mut request, WebSocketConfig::default()) {
        Ok(pending) => {
            let (response, opening) = pending.accept(None, http::HeaderMap::new());
            tokio::spawn(async move {
                if let Ok(socket) = opening.await {
                    run(socket).await;
                }
            });
            response
        }
        Err(rejection) => rejection.into_response(),
    }
}

/// The value of the only query parameter these routes have, as it is.
fn query(request: &Request) -> String {
    let query = request.uri().query().unwrap_or("");
    query.split_once('=').map_or(query, |(_, value)| value).to_owned()
}

fn pid() -> Response {
    json_response(&json!({"pid": std::process::id()}))
}

fn json_response(value: &serde_json::Value) -> Response {
    let mut response = Response::new(value.to_string().into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(text.to_owned().into());
    *response.status_mut() = status;
    response
}

fn with_header(name: header::HeaderName, value: &str) -> Response {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            let mut response = Response::new("ok".into());
            response.headers_mut().insert(name, value);
            response
        }
        Err(error) => status(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn redirect(target: &str) -> Response {
    let mut response = with_header(header::LOCATION, target);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    }
    response
}

fn gzip() -> Gzip {
    Gzip {
        minimum_size: 500,
        compresslevel: 9,
        thread_minimum_size: 128 * 1024,
        exclude_content_types: vec!["image/*".into(), "text/event-stream".into()],
    }
}

fn cors() -> CorsConfig {
    CorsConfig {
        allow_origins: vec!["https://app.example".into()],
        allow_origin_predicate: Some(Arc::new(|origin| {
            let label = origin
                .strip_prefix("https://")
                .and_then(|rest| rest.strip_suffix(".trusted.example"));
            label.is_some_and(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
        })),
        allow_methods: vec!["GET".into(), "POST".into()],
        allow_headers: vec!["x-ok".into()],
        allow_credentials: true,
        ..CorsConfig::default()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).ok_or("usage: contract PORT")?.parse()?;
    let listener = bind(&BindAddress::Tcp {
        host: "127.0.0.1".into(),
        port,
    })?
    .listen(2048)?;
    let controller = ShutdownController::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn({
        let controller = controller.clone();
        async move {
            terminate.recv().await;
            controller.graceful();
            terminate.recv().await;
            controller.force();
        }
    });
    let directory = std::env::var("HARDENING_STATIC").unwrap_or_else(|_| "/nonexistent".into());
    let contract = Contract {
        routes: Arc::new(routes()),
        files: StaticFiles::new(
            directory,
            false,
            Arc::new(|_| Some(HeaderValue::from_static("application/octet-stream"))),
        ),
    };
    let application = ServiceBuilder::new()
        .layer(CorsLayer::new(Cors::new(cors())?))
        .layer(GzipLayer::new(gzip()))
        .service(contract);
    let report = server::serve(
        listener,
        ServerConfig::default(),
        application,
        controller.signal(),
    )
    .await?;
    println!("{report:?}");
    Ok(())
}
