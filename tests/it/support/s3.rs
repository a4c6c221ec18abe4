//! A real S3 server (s3s-fs) in the test's own process, and what can go wrong between it and us.
//!
//! [`S3Server::start`] serves one bucket out of a temporary folder, on a thread of its own: usable from sync and async
//! tests, and by a binary under test. Faults are added while it runs; each strikes the next requests that fit it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;

/// The server and its folder; both go when it is dropped.
pub struct S3Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Whether it is there: `false` refuses connections and cuts those that are.
    present: watch::Sender<Presence>,
    runtime: Option<tokio::runtime::Runtime>,
    folder: tempfile::TempDir,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Presence {
    Here,
    Gone,
}

struct Shared {
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<Seen>>,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    /// Decoded, with the bucket: `/photos/a.jpg`.
    pub path: String,
    pub query: String,
    pub headers: hyper::HeaderMap,
    /// `None` where the connection was cut instead.
    pub status: Option<u16>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// An answer of S3's error form, instead of doing it. The body of the request is read first.
    Answer { status: u16, code: &'static str, message: &'static str, headers: Vec<(&'static str, String)> },
    /// The same, at once, with the body unread.
    AnswerEarly { status: u16, code: &'static str },
    /// Something else than a store answers: a login page.
    Page { status: u16 },
    /// The connection is cut after so many bytes of the body, with no answer.
    CutAfter(u64),
    /// All of it is done, then the connection is cut with no answer.
    CutAnswer,
    /// The answer's body is cut after so many bytes.
    CutAnswerBodyAfter(u64),
    /// Reads so many bytes of the body, then nothing moves any more.
    StallAfter(u64),
    /// All of it is done, but the answer never comes.
    StallAnswer,
    /// Reads the body at this speed.
    Slow { bytes_per_second: u64 },
    /// Changes the byte at this place of the body on its way.
    Corrupt { at: u64 },
    /// Plays a server that ignores `If-None-Match` (the header itself is signed, and cannot be taken out): the object
    /// under the key is taken away before the PUT.
    IgnoreConditions,
    /// Waits before it does it.
    Delay(Duration),
}

/// One fault: for the next requests that fit, and so often.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Option<Method>,
    path_contains: String,
    query_contains: String,
    skip: u32,
    times: u32,
    trouble: Trouble,
}

impl Fault {
    /// For the next request.
    pub fn new(trouble: Trouble) -> Self {
        Self { method: None, path_contains: String::new(), query_contains: String::new(), skip: 0, times: 1, trouble }
    }

    /// An answer of S3's error form, such as `(503, "SlowDown")`.
    pub fn answer(status: u16, code: &'static str) -> Self {
        Self::new(Trouble::Answer { status, code, message: "as the test asked", headers: Vec::new() })
    }

    /// With a header in the answer.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Trouble::Answer { headers, .. } = &mut self.trouble {
            headers.push((name, value.into()));
        }
        self
    }

    /// With this message in the answer.
    pub fn with_message(mut self, text: &'static str) -> Self {
        if let Trouble::Answer { message, .. } = &mut self.trouble {
            *message = text;
        }
        self
    }

    pub fn on(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// PUTs only.
    pub fn on_put(self) -> Self {
        self.on(Method::PUT)
    }

    /// Only requests whose path contains this.
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path_contains = part.into();
        self
    }

    /// Only requests whose query contains this, such as `partNumber=2`.
    pub fn query(mut self, part: impl Into<String>) -> Self {
        self.query_contains = part.into();
        self
    }

    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Until it is cleared.
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    /// Lets so many that fit go through first.
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn fits(&self, method: &Method, path: &str, query: &str) -> bool {
        self.times > 0
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && path.contains(&self.path_contains)
            && query.contains(&self.query_contains)
    }
}

impl S3Server {
    pub const BUCKET: &str = "photos";
    pub const ACCESS_KEY: &str = "PHOTOCTLTESTKEY";
    pub const SECRET_KEY: &str = "planted-secret-of-the-test-store";

    /// Starts it on a free port of 127.0.0.1, with the bucket made.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the server");
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join(Self::BUCKET)).expect("the bucket");
        let filesystem = s3s_fs::FileSystem::new(&data).expect("the server's store");
        let mut builder = S3ServiceBuilder::new(filesystem);
        builder.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY, Self::SECRET_KEY));
        let service = builder.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3-server")
            .enable_all()
            .build()
            .expect("a runtime for the server");
        let shared = Arc::new(Shared { faults: Mutex::default(), requests: Mutex::default() });
        let (present, presence) = watch::channel(Presence::Here);
        // Not by the runtime: a test may be inside of its own.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("an address");
        let server = Served { service, shared: shared.clone(), data };
        runtime.spawn(serve(listener, address, presence, server));
        Self { shared, address, present, runtime: Some(runtime), folder }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `s3://photos/<prefix>`
    pub fn storage_url(&self, prefix: &str) -> String {
        format!("s3://{}/{prefix}", Self::BUCKET).trim_end_matches('/').to_owned()
    }

    /// The environment by which a binary finds it.
    pub fn environment(&self, prefix: &str) -> Vec<(&'static str, String)> {
        vec![
            ("PHOTOCTL_STORAGE_URL", self.storage_url(prefix)),
            ("PHOTOCTL_STORAGE_ACCESS_KEY_ID", Self::ACCESS_KEY.to_owned()),
            ("PHOTOCTL_STORAGE_SECRET_ACCESS_KEY", Self::SECRET_KEY.to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.endpoint()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    /// The folder of the bucket: each object is a file there, under its key. For reading without the server.
    pub fn bucket_dir(&self) -> PathBuf {
        self.data_dir().join(Self::BUCKET)
    }

    /// Where the server keeps all buckets; its own notes and unfinished parts are files whose names begin with a dot.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The bytes of an object, read from the disk.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.bucket_dir().join(key)).ok()
    }

    /// All keys of the bucket, sorted, read from the disk.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        collect_keys(&self.bucket_dir(), "", &mut keys);
        keys.sort();
        keys
    }

    /// Parts of uploads that were neither completed nor aborted.
    pub fn unfinished_parts(&self) -> usize {
        let entries = std::fs::read_dir(self.data_dir()).expect("the server's folder");
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().contains(".part-")).count()
    }

    /// Parts of an upload that somebody began and left, of this key of the bucket.
    pub fn leave_unfinished(&self, key: &str) {
        let id = uuid::Uuid::new_v4();
        let write = |name: String, text: &[u8]| std::fs::write(self.data_dir().join(name), text).expect("written");
        let encode = |text: &str| base64::Engine::encode(&URL_SAFE_NO_PAD, text);
        let (bucket, key) = (encode(Self::BUCKET), encode(key));
        write(format!(".upload-{id}.json"), format!("{:?}", Self::ACCESS_KEY).as_bytes());
        write(format!(".bucket-{bucket}.object-{key}.upload-{id}.metadata.json"), b"{}");
        write(format!(".upload_id-{id}.part-1"), b"a part");
    }

    /// All unfinished uploads began so much earlier than they did.
    pub fn age_unfinished(&self, by: Duration) {
        for upload in unfinished(&self.data_dir()) {
            let file = std::fs::File::options().write(true).open(&upload.notes).expect("the server's notes");
            file.set_modified(upload.begun - by).expect("a time");
        }
    }

    /// The keys of unfinished uploads, sorted.
    pub fn unfinished_keys(&self) -> Vec<String> {
        unfinished(&self.data_dir()).into_iter().map(|upload| upload.key).collect()
    }

    /// Adds a fault behind those that are there; of several that fit, the first strikes.
    pub fn fail(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Faults that have not struck as often as they were to.
    pub fn faults_left(&self) -> usize {
        lock(&self.shared.faults).iter().filter(|fault| fault.times > 0).count()
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.shared.requests).clone()
    }

    /// How many requests of a method there were.
    pub fn count(&self, method: &Method) -> usize {
        lock(&self.shared.requests).iter().filter(|seen| seen.method == *method).count()
    }

    /// The network is gone: connections are cut, and new ones refused.
    pub fn go_away(&self) {
        self.present.send_replace(Presence::Gone);
        // Until nobody listens any more.
        for _ in 0..200 {
            if std::net::TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server still listens");
    }

    /// The network is back, under the same address.
    pub fn come_back(&self) {
        self.present.send_replace(Presence::Here);
        for _ in 0..200 {
            if std::net::TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not listen again");
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn collect_keys(dir: &Path, above: &str, keys: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let key = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect_keys(&entry.path(), &format!("{key}/"), keys);
        } else {
            keys.push(key);
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    address: SocketAddr,
    mut presence: watch::Receiver<Presence>,
    server: Served,
) {
    let mut listener = TcpListener::from_std(listener).ok();
    loop {
        let mut connections = JoinSet::new();
        while *presence.borrow_and_update() == Presence::Here {
            let Some(open) = &listener else { break };
            tokio::select! {
                accepted = open.accept() => {
                    if let Ok((socket, _)) = accepted {
                        connections.spawn(serve_connection(socket, server.clone()));
                    }
                }
                changed = presence.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
        listener = None;
        connections.shutdown().await;
        while *presence.borrow_and_update() == Presence::Gone {
            if presence.changed().await.is_err() {
                return;
            }
        }
        while listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn serve_connection(socket: TcpStream, server: Served) {
    let _ = socket.set_nodelay(true);
    let service = hyper::service::service_fn(move |request| {
        let server = server.clone();
        async move { server.answer(request).await }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

#[derive(Clone)]
struct Served {
    service: S3Service,
    shared: Arc<Shared>,
    data: PathBuf,
}

/// The connection is to be cut.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

impl Served {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, Cut> {
        let path = percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let trouble = self.strike(request.method(), &path, &query);
        let mut seen = Seen {
            method: request.method().clone(),
            path: path.clone(),
            query,
            headers: request.headers().clone(),
            status: None,
        };
        let answer = self.suffer(request, &path, trouble).await;
        seen.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        lock(&self.shared.requests).push(seen);
        answer
    }

    fn strike(&self, method: &Method, path: &str, query: &str) -> Option<Trouble> {
        let mut faults = lock(&self.shared.faults);
        let fault = faults.iter_mut().find(|fault| fault.fits(method, path, query))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.trouble.clone())
    }

    async fn suffer(
        &self,
        request: Request<Incoming>,
        path: &str,
        trouble: Option<Trouble>,
    ) -> Result<Response<AnswerBody>, Cut> {
        let Some(trouble) = trouble else { return self.forward(request.map(Altered::new)).await };
        match trouble {
            Trouble::Answer { status, code, message, headers } => {
                read_until(request.into_body(), u64::MAX).await;
                Ok(error_answer(status, code, message, &headers))
            }
            Trouble::AnswerEarly { status, code } => Ok(error_answer(status, code, "at once", &[])),
            Trouble::Page { status } => {
                read_until(request.into_body(), u64::MAX).await;
                let page = Full::new(Bytes::from_static(b"<html><body>Welcome to the hotel. Log in.</body></html>"));
                let mut answer = Response::new(page.map_err(|never: Infallible| match never {}).boxed_unsync());
                *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
                answer.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
                answer.headers_mut().insert("location", HeaderValue::from_static("http://portal.invalid/"));
                Ok(answer)
            }
            Trouble::CutAfter(bytes) => {
                read_until(request.into_body(), bytes).await;
                Err(Cut)
            }
            Trouble::CutAnswer => {
                self.forward(request.map(Altered::new)).await?;
                Err(Cut)
            }
            Trouble::CutAnswerBodyAfter(bytes) => {
                let answer = self.forward(request.map(Altered::new)).await?;
                Ok(answer.map(|body| CutBody { body, left: bytes }.boxed_unsync()))
            }
            Trouble::StallAfter(bytes) => {
                let mut body = request.into_body();
                let mut left = bytes;
                while left > 0 {
                    let Some(Ok(frame)) = body.frame().await else { break };
                    left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
                }
                std::future::pending::<()>().await;
                drop(body);
                Err(Cut)
            }
            Trouble::StallAnswer => {
                self.forward(request.map(Altered::new)).await?;
                std::future::pending().await
            }
            Trouble::Slow { bytes_per_second } => {
                self.forward(request.map(|body| Altered { bytes_per_second, ..Altered::new(body) })).await
            }
            Trouble::Corrupt { at } => {
                self.forward(request.map(|body| Altered { corrupt_at: Some(at), ..Altered::new(body) })).await
            }
            Trouble::IgnoreConditions => {
                if request.headers().contains_key("if-none-match") {
                    let _ = std::fs::remove_file(self.data.join(path.trim_start_matches('/')));
                }
                self.forward(request.map(Altered::new)).await
            }
            Trouble::Delay(time) => {
                tokio::time::sleep(time).await;
                self.forward(request.map(Altered::new)).await
            }
        }
    }

    async fn forward(&self, request: Request<Altered>) -> Result<Response<AnswerBody>, Cut> {
        let query = request.uri().query().unwrap_or_default();
        if request.method() == Method::GET && query.split('&').any(|part| part == "uploads" || part == "uploads=") {
            return Ok(xml_answer(200, list_unfinished(&self.data, query)));
        }
        let request = request.map(s3s::Body::http_body_unsync);
        match self.service.call(request).await {
            Ok(answer) => Ok(answer.map(|body| body.map_err(|error| -> BoxError { error }).boxed_unsync())),
            Err(_) => Err(Cut),
        }
    }
}

async fn read_until(mut body: Incoming, limit: u64) {
    let mut read = 0;
    while read < limit {
        match body.frame().await {
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, |data| data.len() as u64),
            _ => return,
        }
    }
}

fn error_answer(status: u16, code: &str, message: &str, headers: &[(&'static str, String)]) -> Response<AnswerBody> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"
    );
    let mut answer = xml_answer(status, text);
    for (name, value) in headers {
        answer.headers_mut().insert(HeaderName::from_static(name), value.parse().expect("a header"));
    }
    answer
}

fn xml_answer(status: u16, text: String) -> Response<AnswerBody> {
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    answer
}

/// An upload in parts that the server knows, and the file in which it keeps what it knows.
struct Unfinished {
    key: String,
    id: String,
    begun: std::time::SystemTime,
    notes: PathBuf,
}

/// Sorted as S3 lists them.
fn unfinished(data: &Path) -> Vec<Unfinished> {
    let bucket = base64::Engine::encode(&URL_SAFE_NO_PAD, S3Server::BUCKET);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(data).expect("the server's folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let upload = name
            .strip_prefix(&format!(".bucket-{bucket}.object-"))
            .and_then(|rest| rest.strip_suffix(".metadata.json")?.split_once(".upload-"));
        let Some((key, id)) = upload else { continue };
        let Ok(found) = entry.metadata() else { continue };
        if data.join(format!(".upload-{id}.json")).exists() {
            let key = base64::Engine::decode(&URL_SAFE_NO_PAD, key).expect("an encoded key");
            let key = String::from_utf8(key).expect("a key");
            let begun = found.modified().expect("a time");
            all.push(Unfinished { key, id: id.to_owned(), begun, notes: entry.path() });
        }
    }
    all.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    all
}

/// `ListMultipartUploads`, which s3s-fs does not have; two to a page.
fn list_unfinished(data: &Path, query: &str) -> String {
    const PAGE: usize = 2;
    let asked: std::collections::HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (prefix, after) = (get("prefix"), (get("key-marker"), get("upload-id-marker")));
    let encode = |key: &str| percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut left = unfinished(data);
    left.retain(|upload| upload.key.starts_with(&prefix) && (upload.key.clone(), upload.id.clone()) > after);
    let page = &left[..left.len().min(PAGE)];
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>{}</Bucket><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>",
        S3Server::BUCKET,
        left.len() > PAGE
    );
    if let Some(last) = page.last() {
        let (key, id) = (encode(&last.key), &last.id);
        text.push_str(&format!("<NextKeyMarker>{key}</NextKeyMarker><NextUploadIdMarker>{id}</NextUploadIdMarker>"));
    }
    for upload in page {
        let begun = chrono::DateTime::<chrono::Utc>::from(upload.begun).format("%Y-%m-%dT%H:%M:%S.000Z");
        let (key, id) = (encode(&upload.key), &upload.id);
        text.push_str(&format!(
            "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>{begun}</Initiated></Upload>"
        ));
    }
    text.push_str("</ListMultipartUploadsResult>");
    text
}

/// A request's body, slowed down or with one byte changed.
struct Altered {
    body: Incoming,
    passed: u64,
    corrupt_at: Option<u64>,
    bytes_per_second: u64,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Altered {
    fn new(body: Incoming) -> Self {
        Self { body, passed: 0, corrupt_at: None, bytes_per_second: 0, pause: None }
    }

    fn alter(&mut self, data: Bytes) -> Bytes {
        let start = self.passed;
        self.passed += data.len() as u64;
        if self.bytes_per_second > 0 {
            let time = Duration::from_secs_f64(data.len() as f64 / self.bytes_per_second as f64);
            self.pause = Some(Box::pin(tokio::time::sleep(time)));
        }
        match self.corrupt_at.and_then(|at| at.checked_sub(start)) {
            Some(place) if place < data.len() as u64 => {
                let mut changed = BytesMut::from(data.as_ref());
                changed[place as usize] ^= 0x01;
                changed.freeze()
            }
            _ => data,
        }
    }
}

impl Body for Altered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(pause) = &mut this.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => match frame.into_data() {
                Ok(data) => Ok(Frame::data(this.alter(data))),
                Err(other) => Ok(other),
            },
            Err(error) => Err(error.into()),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body that breaks off.
struct CutBody {
    body: AnswerBody,
    left: u64,
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.left == 0 {
            return Poll::Ready(Some(Err(Box::new(Cut))));
        }
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(mut data) => {
                    data.truncate(usize::try_from(this.left).unwrap_or(usize::MAX));
                    this.left -= data.len() as u64;
                    Frame::data(data)
                }
                Err(other) => other,
            })
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
