//! Static files, with a directory that tries to lead out of itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method};
use http_body_util::BodyExt;
use server::Response;
use server::static_files::{StaticFileError, StaticFiles};

/// A directory that is removed at the end of the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let base = std::env::temp_dir().join(format!("server-static-{name}-{}", std::process::id()));
        let public = base.join("public");
        std::fs::create_dir_all(public.join("sub")).unwrap();
        std::fs::write(public.join("a.txt"), "0123456789").unwrap();
        std::fs::write(public.join("empty.css"), "").unwrap();
        std::fs::write(public.join("sub/b.txt"), "below").unwrap();
        std::fs::write(base.join("secret.txt"), "secret").unwrap();
        std::os::unix::fs::symlink(base.join("secret.txt"), public.join("out")).unwrap();
        std::os::unix::fs::symlink("a.txt", public.join("in")).unwrap();
        let fifo = std::process::Command::new("mkfifo")
            .arg(public.join("pipe"))
            .status()
            .unwrap();
        assert!(fifo.success());
        Self(base)
    }

    fn files(&self) -> StaticFiles {
        self.following(false)
    }

    fn following(&self, follow_symlinks: bool) -> StaticFiles {
        let text = Arc::new(|name: &str| {
            let kind = if name.ends_with(".txt") {
                "text/plain"
            } else {
                "application/octet-stream"
            };
            Some(HeaderValue::from_static(kind))
        });
        StaticFiles::new(self.0.join("public"), follow_symlinks, text)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn get(
    files: &StaticFiles,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Response, StaticFileError> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect();
    match files.respond_at_once(&Method::GET, &headers, path) {
        Some(response) => Ok(response),
        None => files.respond(&Method::GET, &headers, path).await,
    }
}

async fn body(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_file_is_sent_with_its_description() {
    let directory = Directory::new("plain");
    let files = directory.files();
    let response = get(&files, "a.txt", &[]).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["content-length"], "10");
    assert_eq!(response.headers()["accept-ranges"], "bytes");
    assert_eq!(body(response).await, "0123456789");
    assert_eq!(body(get(&files, "in", &[]).await.unwrap()).await, "0123456789");
    assert_eq!(
        get(&files, "empty.css", &[]).await.unwrap().headers()["content-length"],
        "0"
    );
    let head = files
        .respond(&Method::HEAD, &HeaderMap::new(), "a.txt")
        .await
        .unwrap();
    assert_eq!(head.headers()["content-length"], "10");
    assert_eq!(body(head).await, "");
}

#[tokio::test]
async fn nothing_outside_and_nothing_odd_is_served() {
    let directory = Directory::new("escape");
    let files = directory.files();
    let long = "a".repeat(300);
    for path in [
        "../secret.txt",
        "sub/../../secret.txt",
        "out",
        "pipe",
        "sub",
        "",
        "a.txt/",
        "/a.txt",
        "sub//b.txt",
        "./a.txt",
        "a.txt\0.png",
        "nope",
        &long,
    ] {
        let outcome = get(&files, path, &[]).await;
        assert!(
            matches!(outcome, Err(StaticFileError::NotFound)),
            "{path:?}: {outcome:?}"
        );
    }
    assert_eq!(
        body(get(&directory.following(true), "out", &[]).await.unwrap()).await,
        "secret"
    );
    let posted = files.respond(&Method::POST, &HeaderMap::new(), "a.txt").await;
    assert!(matches!(posted, Err(StaticFileError::MethodNotAllowed)));
}

#[tokio::test]
async fn ranges_and_preconditions() {
    let directory = Directory::new("range");
    let files = directory.files();
    let etag = get(&files, "a.txt", &[]).await.unwrap().headers()["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let part = get(&files, "a.txt", &[("range", "bytes=2-4")]).await.unwrap();
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-range"]),
        (206, &HeaderValue::from_static("bytes 2-4/10"))
    );
    assert_eq!(body(part).await, "234");
    let beyond = get(&files, "a.txt", &[("range", "bytes=10-")]).await;
    assert!(matches!(beyond, Err(StaticFileError::Unusual { length: 10 })));
    let stale = get(
        &files,
        "a.txt",
        &[("range", "bytes=0-1"), ("if-range", "\"nope\"")],
    )
    .await
    .unwrap();
    assert_eq!(stale.status(), 200);
    let fresh = get(&files, "a.txt", &[("range", "bytes=0-1"), ("if-range", &etag)])
        .await
        .unwrap();
    assert_eq!(fresh.status(), 206);
    assert_eq!(
        get(&files, "a.txt", &[("if-none-match", &etag)])
            .await
            .unwrap()
            .status(),
        304
    );
}

/// Long ago enough for the content to be kept.
fn age(path: &std::path::Path, since: Duration) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - since).unwrap();
}

#[tokio::test]
async fn every_change_shows_at_once() {
    let directory = Directory::new("change");
    let files = directory.files();
    let path = directory.0.join("public/a.txt");
    let etag = async || get(&files, "a.txt", &[]).await.unwrap().headers()["etag"].clone();
    for (number, content) in ["first", "other", "longer than before"].into_iter().enumerate() {
        std::fs::write(&path, content).unwrap();
        age(&path, Duration::from_secs(100 - number as u64));
        let before = etag().await;
        assert_eq!(etag().await, before);
        assert_eq!(body(get(&files, "a.txt", &[]).await.unwrap()).await, content);
    }
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(directory.0.join("secret.txt"), &path).unwrap();
    let outcome = get(&files, "a.txt", &[]).await;
    assert!(matches!(outcome, Err(StaticFileError::NotFound)), "{outcome:?}");
}

#[tokio::test]
async fn what_is_kept_is_compared_with_the_file() {
    let directory = Directory::new("kept");
    let files = directory.files();
    let path = directory.0.join("public/a.txt");
    // The time of the inode's last change cannot be set: it has to pass.
    tokio::time::sleep(Duration::from_secs(5)).await;
    for _ in 0..40 {
        assert_eq!(body(get(&files, "a.txt", &[]).await.unwrap()).await, "0123456789");
        let part = get(&files, "a.txt", &[("range", "bytes=-3")]).await.unwrap();
        assert_eq!(body(part).await, "789");
    }
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::write(&path, "9876543210").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(body(get(&files, "a.txt", &[]).await.unwrap()).await, "9876543210");
    std::fs::remove_file(&path).unwrap();
    let outcome = get(&files, "a.txt", &[]).await;
    assert!(matches!(outcome, Err(StaticFileError::NotFound)), "{outcome:?}");
}
