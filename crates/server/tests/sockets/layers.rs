//! The layers, with the answers that Starlette 1.10's middleware gives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use server::body::channel;
use server::layers::access_log::AccessLog;
use server::layers::body_limit::BodyLimit;
use server::layers::cors::{Cors, CorsConfig};
use server::layers::gzip::Gzip;
use server::layers::https_redirect::HttpsRedirect;
use server::layers::request_id::{RequestId, RequestIds};
use server::layers::session::{Session, SessionConfig, Sessions};
use server::layers::trusted_host::TrustedHost;
use server::layers::{CatchPanicLayer, FilterLayer};
use server::{Application, BodyError, Request, RequestBody, Response, ResponseBody};
use tower::{Layer, ServiceExt};

use crate::support::{App, app};

async fn call(service: impl Application, method: Method, headers: &[(&str, &str)]) -> Response {
    let mut request = http::Request::builder()
        .method(method)
        .uri("/x?q=1")
        .header("host", "testserver");
    for (name, value) in headers {
        if *name == "host" {
            request.headers_mut().unwrap().remove("host");
        }
        request = request.header(*name, *value);
    }
    let Ok(response) = service.oneshot(request.body(RequestBody::empty()).unwrap()).await;
    response
}

async fn get(service: impl Application, headers: &[(&str, &str)]) -> Response {
    call(service, Method::GET, headers).await
}

async fn bytes(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

fn answering(body: &'static str, headers: &'static [(&'static str, &'static str)]) -> App {
    app(move |_| async move {
        let mut response = Response::new(body.into());
        for (name, value) in headers {
            response.headers_mut().append(*name, value.parse().unwrap());
        }
        response
    })
}

fn cors(config: CorsConfig) -> FilterLayer<Cors> {
    FilterLayer::new(Cors::new(config).unwrap())
}

#[tokio::test]
async fn cors_preflights_are_answered() {
    let config = CorsConfig {
        allow_origins: vec!["https://a.b".into()],
        allow_origin_predicate: Some(Arc::new(|origin| origin.ends_with(".z"))),
        allow_methods: vec!["GET".into(), "PUT".into()],
        allow_headers: vec!["X-Z".into(), "X-a".into()],
        max_age: 5,
        allow_private_network: true,
        ..CorsConfig::default()
    };
    let service = cors(config).layer(answering("", &[]));
    let preflight = async |headers: &[(&str, &str)]| call(service.clone(), Method::OPTIONS, headers).await;
    let good = preflight(&[
        ("origin", "https://a.b"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "X-A,  x-z,content-type"),
    ])
    .await;
    let headers = good.headers();
    assert_eq!(
        header(headers, "access-control-allow-origin"),
        Some("https://a.b")
    );
    assert_eq!(header(headers, "access-control-allow-methods"), Some("GET, PUT"));
    assert_eq!(header(headers, "access-control-max-age"), Some("5"));
    assert_eq!(
        header(headers, "access-control-allow-headers"),
        Some("Accept, Accept-Language, Content-Language, Content-Type, X-Z, X-a")
    );
    assert_eq!((good.status(), bytes(good).await), (StatusCode::OK, "OK".into()));
    let private = preflight(&[
        ("origin", "https://q.z"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-private-network", "true"),
    ])
    .await;
    assert_eq!(
        header(private.headers(), "access-control-allow-private-network"),
        Some("true")
    );
    let bad = preflight(&[
        ("origin", "https://nope"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "X-Q"),
    ])
    .await;
    assert_eq!(header(bad.headers(), "access-control-allow-origin"), None);
    let expected = (
        StatusCode::BAD_REQUEST,
        "Disallowed CORS origin, method, headers".into(),
    );
    assert_eq!((bad.status(), bytes(bad).await), expected);
}

#[tokio::test]
async fn cors_answers_name_the_origin_and_vary() {
    let open = CorsConfig {
        allow_origins: vec!["*".into()],
        expose_headers: vec!["X-E".into()],
        ..CorsConfig::default()
    };
    let service = cors(open.clone()).layer(answering("", &[]));
    let any = get(service.clone(), &[("origin", "https://a.b")]).await;
    assert_eq!(header(any.headers(), "access-control-allow-origin"), Some("*"));
    assert_eq!(
        header(any.headers(), "access-control-expose-headers"),
        Some("X-E")
    );
    let none = get(service, &[]).await;
    assert_eq!(header(none.headers(), "access-control-allow-origin"), None);
    assert_eq!(header(none.headers(), "vary"), Some("Origin"));
    let credentials = cors(CorsConfig {
        allow_credentials: true,
        ..open
    });
    let service = credentials.layer(answering("", &[("vary", "Accept-Encoding")]));
    let named = get(service, &[("origin", "https://a.b")]).await;
    assert_eq!(
        header(named.headers(), "access-control-allow-origin"),
        Some("https://a.b")
    );
    assert_eq!(
        header(named.headers(), "access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(header(named.headers(), "vary"), Some("Accept-Encoding, Origin"));
}

#[tokio::test]
async fn trusted_hosts_pass_and_others_do_not() {
    let list = TrustedHost::new(["a.b", "*.c.d", "www.e.f", "[::1]"], true).unwrap();
    let service = FilterLayer::new(list).layer(answering("", &[]));
    for (host, status) in [
        ("a.b", 200),
        ("A.B", 200),
        ("a.b:80", 200),
        ("x.c.d", 200),
        ("[::1]:80", 200),
        ("c.d", 400),
        ("z", 400),
        ("xa.b", 400),
        ("", 400),
        ("e.f:8080", 307),
    ] {
        assert_eq!(
            get(service.clone(), &[("host", host)]).await.status(),
            status,
            "{host}"
        );
    }
    let redirected = get(service, &[("host", "e.f:8080")]).await;
    assert_eq!(
        header(redirected.headers(), "location"),
        Some("http://www.e.f:8080/x?q=1")
    );
    for pattern in ["*a", "a.*", "*.*.c"] {
        assert!(TrustedHost::new([pattern], true).is_err(), "{pattern}");
    }
}

#[tokio::test]
async fn https_is_redirected_to() {
    let service = FilterLayer::new(HttpsRedirect).layer(answering("", &[]));
    for (host, location) in [
        ("t", "https://t/x?q=1"),
        ("t:80", "https://t/x?q=1"),
        ("t:443", "https://t/x?q=1"),
        ("t:8080", "https://t:8080/x?q=1"),
    ] {
        let response = get(service.clone(), &[("host", host)]).await;
        assert_eq!(
            (response.status().as_u16(), header(response.headers(), "location")),
            (307, Some(location))
        );
    }
}

fn gzip() -> Gzip {
    Gzip {
        minimum_size: 500,
        compresslevel: 9,
        thread_minimum_size: 128 * 1024,
        exclude_content_types: ["image/png", "video/*", "text/event-stream"]
            .map(str::to_owned)
            .to_vec(),
    }
}

const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

#[tokio::test]
async fn gzip_follows_size_type_and_weight() {
    let layer = FilterLayer::new(Gzip {
        minimum_size: 50,
        ..gzip()
    });
    let accept = ("accept-encoding", "gzip");
    let encoding = async |service: App, headers: &[(&str, &str)]| {
        let response = get(layer.layer(service), headers).await;
        header(response.headers(), "content-encoding").map(str::to_owned)
    };
    assert_eq!(
        encoding(answering(LONG, &[]), &[accept]).await.as_deref(),
        Some("gzip")
    );
    assert_eq!(encoding(answering("short", &[]), &[accept]).await, None);
    for refused in ["gzip;q=0", "gzip; q=0.000", "identity", "br"] {
        assert_eq!(
            encoding(answering(LONG, &[]), &[("accept-encoding", refused)]).await,
            None,
            "{refused}"
        );
    }
    for kind in [
        "image/png",
        "IMAGE/PNG",
        "video/mp4",
        "text/event-stream; charset=utf-8",
    ] {
        let service = app(move |_| async move {
            let mut response = Response::new(LONG.into());
            response
                .headers_mut()
                .insert("content-type", kind.parse().unwrap());
            response
        });
        assert_eq!(encoding(service, &[accept]).await, None, "{kind}");
    }
    assert_eq!(
        encoding(answering(LONG, &[("content-encoding", "br")]), &[accept])
            .await
            .as_deref(),
        Some("br")
    );
    let varied = get(layer.layer(answering(LONG, &[("vary", "Origin")])), &[]).await;
    assert_eq!(header(varied.headers(), "vary"), Some("Origin, Accept-Encoding"));
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}

#[tokio::test]
async fn gzip_bodies_unpack_to_the_original() {
    let layer = FilterLayer::new(Gzip {
        thread_minimum_size: 100_000,
        ..gzip()
    });
    for size in [1000, 300_000] {
        let text = "hello world ".repeat(size / 12);
        let expected = text.clone();
        let service = app(move |_| {
            let text = text.clone();
            async move { Response::new(text.into()) }
        });
        let response = get(layer.layer(service), &[("accept-encoding", "gzip")]).await;
        assert_eq!(gunzip(&bytes(response).await), expected);
    }
}

#[tokio::test]
async fn gzip_streams_do_not_wait_for_their_end_and_fail_with_their_source() {
    let layer = FilterLayer::new(gzip());
    let service = app(|_| async {
        let (sender, receiver) = channel(4);
        tokio::spawn(async move {
            sender.send(Bytes::from_static(b"first")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        });
        Response::new(ResponseBody::Channel(receiver))
    });
    let mut body = get(layer.layer(service), &[("accept-encoding", "gzip")])
        .await
        .into_body();
    let mut seen = Vec::new();
    let failure = loop {
        match body.frame().await.unwrap() {
            Ok(frame) => seen.extend(frame.into_data().unwrap()),
            Err(error) => break error,
        }
    };
    let mut text = [0; 5];
    std::io::Read::read_exact(&mut flate2::read::GzDecoder::new(&*seen), &mut text).unwrap();
    assert_eq!(
        (&text, matches!(failure, BodyError::Producer(_))),
        (b"first", true)
    );
}

#[tokio::test]
async fn a_session_that_browsers_would_not_keep_is_not_sent() {
    let layer = FilterLayer::new(Sessions::new(SessionConfig::new("secret")));
    for (size, sent) in [(3_000, true), (3_100, false)] {
        let act = move |session: &Session| session.write(format!(r#"{{"a": "{}"}}"#, "x".repeat(size)));
        let application = layer.layer(app(move |request: Request| async move {
            act(request.extensions().get::<Session>().unwrap());
            Response::new("".into())
        }));
        let response = application.oneshot(Request::default()).await.unwrap();
        assert_eq!(response.headers().contains_key("set-cookie"), sent, "{size}");
        assert_eq!(response.headers()["vary"], "Cookie");
    }
}

#[tokio::test]
async fn sessions_are_read_written_and_removed() {
    let layer = FilterLayer::new(Sessions::new(SessionConfig {
        domain: Some("d.e".into()),
        ..SessionConfig::new("secret")
    }));
    let acting = |act: fn(&Session)| {
        layer.layer(app(move |request: Request| async move {
            act(request.extensions().get().unwrap());
            Response::new("".into())
        }))
    };
    let written = get(acting(|session| session.write(r#"{"a": 1}"#)), &[]).await;
    assert_eq!(header(written.headers(), "vary"), Some("Cookie"));
    let cookie = header(written.headers(), "set-cookie").unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert!(value.starts_with("session=eyJhIjogMX0=."), "{value}");
    assert_eq!(
        attributes,
        "path=/; Max-Age=1209600; httponly; samesite=lax; domain=d.e"
    );
    let read = acting(|session| assert_eq!(session.read().as_deref(), Some(&br#"{"a": 1}"#[..])));
    let read = get(read, &[("cookie", value)]).await;
    assert_eq!(
        (
            header(read.headers(), "vary"),
            header(read.headers(), "set-cookie")
        ),
        (Some("Cookie"), None)
    );
    let ignored = get(acting(|_| ()), &[("cookie", value)]).await;
    assert_eq!(header(ignored.headers(), "vary"), None);
    let cleared = get(acting(Session::clear), &[("cookie", value)]).await;
    assert_eq!(
        header(cleared.headers(), "set-cookie"),
        Some(
            "session=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax; domain=d.e"
        )
    );
    assert_eq!(
        header(get(acting(Session::clear), &[]).await.headers(), "set-cookie"),
        None
    );
}

#[tokio::test]
async fn request_ids_are_kept_if_plain_and_made_otherwise() {
    let ids = RequestIds::new(http::HeaderName::from_static("x-request-id"));
    let service = FilterLayer::new(ids).layer(app(|request: Request| async move {
        let RequestId(id) = request.extensions().get().cloned().unwrap();
        Response::new(id.to_str().unwrap().to_owned().into())
    }));
    let kept = get(service.clone(), &[("x-request-id", "abc-1")]).await;
    assert_eq!(header(kept.headers(), "x-request-id"), Some("abc-1"));
    let (first, second) = (
        get(service.clone(), &[]).await,
        get(service, &[("x-request-id", "a b")]).await,
    );
    assert_ne!(first.headers()["x-request-id"], second.headers()["x-request-id"]);
    let shown = first.headers()["x-request-id"].as_bytes().to_vec();
    assert_eq!((shown.len(), bytes(first).await), (32, shown.into()));
}

#[tokio::test]
async fn bodies_over_the_limit_are_413() {
    let service = FilterLayer::new(BodyLimit(10)).layer(app(|request: Request| async move {
        let outcome = request.into_body().collect(1000).await;
        Response::new(format!("{outcome:?}").into())
    }));
    let post = async |body: RequestBody| {
        let request = http::Request::post("/").body(body).unwrap();
        let Ok(response) = service.clone().oneshot(request).await;
        (response.status().as_u16(), bytes(response).await)
    };
    assert_eq!(post(RequestBody::full("0123456789".into())).await.0, 200);
    let too_large = (413, Bytes::from("Content Too Large"));
    assert_eq!(post(RequestBody::full("0123456789x".into())).await, too_large);
    let (sender, receiver) = channel(8);
    for _ in 0..3 {
        sender.send(Bytes::from_static(b"12345")).await.unwrap();
    }
    assert_eq!(post(RequestBody::channel(receiver)).await, too_large);
}

#[tokio::test]
async fn the_access_log_has_a_record_for_every_request_even_an_abandoned_one() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let layer = FilterLayer::new(AccessLog::new(move |record| sink.lock().unwrap().push(record)));
    get(layer.layer(answering("hello", &[])), &[]).await;
    let stuck = layer.layer(app(|_| std::future::pending()));
    assert!(
        tokio::time::timeout(Duration::from_millis(20), get(stuck, &[]))
            .await
            .is_err()
    );
    let panics = layer.layer(CatchPanicLayer.layer(app(|_| async { panic!("expected by this test") })));
    get(panics, &[]).await;
    let records = records.lock().unwrap();
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record.status.as_u16(), record.bytes, record.complete))
        .collect();
    assert_eq!(seen, [(200, 5, true), (499, 0, false), (500, 21, true)]);
    assert!(
        records[0]
            .to_string()
            .starts_with("unix - \"GET /x?q=1 HTTP/1.1\" 200 5 "),
        "{}",
        records[0]
    );
}
